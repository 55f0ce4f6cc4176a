import pytest

from student_template.cells import Form, Kind, Role, SourceError, parse

SOURCE = """\
# Title

Words.

## Problem 1

### 1.1 First (2 points)

Do it.

```python
# a comment, no heading
def f(n):
    raise NotImplementedError("f: do it")
```

```answer
Your proof.
```

```markdown module
Only here.
```

## Problem 2

```python
x = 1
```

```python run notebook
print(x)
```
"""


def test_parse_starts_a_cell_at_each_heading_and_fence() -> None:
    """Text, code and answers become cells in their order."""
    first_lines = [cell.text.partition("\n")[0] for cell in parse(SOURCE, "source")]
    assert first_lines == [
        "# Title",
        "## Problem 1",
        "### 1.1 First (2 points)",
        "# a comment, no heading",
        "*Your proof.*",
        "Only here.",
        "## Problem 2",
        "x = 1",
        "print(x)",
    ]


def test_parse_gives_cells_the_item_of_their_heading() -> None:
    """An item lasts from its heading to the next heading of any level."""
    items = [cell.item for cell in parse(SOURCE, "source")]
    assert items == ["", "", "1.1", "1.1", "1.1", "1.1", "", "", ""]


def test_parse_tells_what_is_left_to_the_student() -> None:
    """Stubs and placeholders are answers, other code is given, text is a question."""
    roles = [cell.role for cell in parse(SOURCE, "source")]
    question, answer, given = Role.QUESTION, Role.ANSWER, Role.GIVEN
    assert roles == [question] * 3 + [answer] * 2 + [question] * 2 + [given] * 2


def test_parse_keeps_a_cell_to_its_form() -> None:
    """The form named in a fence is the cell's only one."""
    forms = {cell.text: cell.form for cell in parse(SOURCE, "source")}
    assert forms["Only here."] is Form.MODULE
    assert forms["print(x)"] is Form.NOTEBOOK
    assert forms["x = 1"] is None


def test_parse_marks_experiments() -> None:
    """Only the fence that says `run` is an experiment."""
    cells = parse(SOURCE, "source")
    assert [cell.text for cell in cells if cell.experiment] == ["print(x)"]
    assert all(cell.kind is Kind.CODE for cell in cells if cell.experiment)


def test_parse_finds_stubs_in_methods() -> None:
    """A class with one method left to the student is left to the student."""
    source = '```python\nclass A:\n    def f(self):\n        raise NotImplementedError("f")\n```\n'
    assert [cell.role for cell in parse(source, "source")] == [Role.ANSWER]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("```python\nx = 1\n", "got the end"),
        ("```python\nx = 1\n```python\ny = 2\n```\n", "inside of one"),
        ("```julia\nx = 1\n```\n", "'julia'"),
    ],
    ids=["open", "nested", "unknown"],
)
def test_parse_refuses_a_wrong_fence(source: str, complaint: str) -> None:
    """What can't be understood is said, with the name of the source."""
    with pytest.raises(SourceError, match=f"notes.md.*{complaint}"):
        parse(source, "notes.md")
