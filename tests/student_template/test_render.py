import ast
import json
import re
from typing import Any

import nbformat
import pytest

from student_template.cells import Cell, Kind, parse
from student_template.render import given, hoist_imports, module, notebook

SOURCE = """\
# Set

```python
import os
```

### 1.1 Ask

```python
import time


def f(n):
    return os.sep
```

```answer
Yours.
```

```python run
print(f(1))
```
"""


@pytest.fixture
def cells() -> list[Cell]:
    return hoist_imports(parse(SOURCE, "source"))


def code(cells: list[Cell]) -> list[str]:
    return [cell.text for cell in cells if cell.kind is Kind.CODE]


def test_hoist_imports_gathers_them_in_the_first_code_cell(cells: list[Cell]) -> None:
    """Later cells begin with what they define."""
    assert code(cells) == [
        "import os\nimport time",
        "def f(n):\n    return os.sep",
        "print(f(1))",
    ]


def test_hoist_imports_keeps_what_else_the_first_cell_holds() -> None:
    """Code below the imports is not lost."""
    assert code(hoist_imports(parse("```python\nimport os\n\nx = os.sep\n```\n", "s"))) == [
        "import os\n\n\nx = os.sep"
    ]


def test_notebook_is_valid_and_has_no_outputs(cells: list[Cell]) -> None:
    """The notebook format's own schema accepts it."""
    content = json.loads(notebook(cells))
    nbformat.validate(content)
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert not any(cell.get("outputs") for cell in content["cells"])


def test_notebook_marks_question_and_answer(cells: list[Cell]) -> None:
    """The metadata says which item a cell belongs to, and as what."""
    written: list[dict[str, Any]] = json.loads(notebook(cells))["cells"]
    marks = [cell["metadata"].get("nla_grader") for cell in written]
    assert marks == [
        None,
        None,
        {"item": "1.1", "role": "question"},
        {"item": "1.1", "role": "given"},
        {"item": "1.1", "role": "answer"},
        {"item": "1.1", "role": "given"},
    ]


def test_notebook_names_cells_by_place(cells: list[Cell]) -> None:
    """Ids are unique, and a change of a text changes no id."""
    ids = [cell["id"] for cell in json.loads(notebook(cells))["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    changed = hoist_imports(parse(SOURCE.replace("Yours.", "Yours, please."), "source"))
    assert [cell["id"] for cell in json.loads(notebook(changed))["cells"]] == ids


def test_module_runs_no_experiment_when_imported(
    cells: list[Cell], capsys: pytest.CaptureFixture[str]
) -> None:
    """Experiments wait in `main`."""
    scope: dict[str, Any] = {"__name__": "ps1"}
    exec(module(cells, "A set."), scope)
    assert capsys.readouterr().out == ""
    scope["main"]()
    assert capsys.readouterr().out.strip() == scope["f"](1)


def test_module_holds_the_text_as_comments(cells: list[Cell]) -> None:
    """Questions and answers stand in the module, marked for the tools that know `# %%`."""
    text = module(cells, "A set.")
    assert ast.get_docstring(ast.parse(text)) == "A set."
    assert '# %% [markdown] item="1.1" role="question"\n# ### 1.1 Ask\n' in text
    assert '# %% [markdown] item="1.1" role="answer"\n# *Yours.*\n' in text


def test_given_holds_the_code_outside_of_items_alone() -> None:
    """No item's code, no experiment, no import that is not used."""
    source = "```python\nimport os\nimport time\n\n\nx = os.sep\n```\n" + SOURCE
    assert given(parse(source, "source"), "Given.").endswith("\n\nimport os\n\n\nx = os.sep\n")
