"""grader/worker/missing.py: imports of packages that are not here, in loaded chunks."""

import sys
from collections.abc import Iterator

import pytest

from grader.worker.namespace import load


@pytest.fixture(autouse=True)
def _no_colab_left() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "google"]:
        del sys.modules[name]


def loaded(*sources: str) -> dict[str, object]:
    return load([{"source": source, "label": "cell 1", "first_line": 1} for source in sources])


@pytest.mark.parametrize(
    "source",
    [
        "import absent as one",
        "import absent.inner as one",
        "from absent.inner import one",
        "from __future__ import annotations\nfrom absent import other as one",
    ],
)
def test_a_missing_package_raises_where_it_is_used(source: str) -> None:
    """The import itself passes; calls, attributes and derived classes name the package."""
    names = loaded(source)
    for use in ("one()", "one.part", "one.part()", "type('T', (), {})(), one.x", "exec(DERIVED)"):
        with pytest.raises(ModuleNotFoundError, match="No module named 'absent'"):
            eval(use, names | {"DERIVED": "class Own(one): pass"})


def test_a_dotted_import_binds_the_first_name() -> None:
    """As Python does."""
    with pytest.raises(ModuleNotFoundError, match="absent"):
        eval("absent.inner.f()", loaded("import absent.inner"))


@pytest.mark.parametrize(
    "source",
    ["from absent import *", "if True: import absent", "def f(): import absent\nf()"],
)
def test_other_statements_fail_as_ever(source: str) -> None:
    """What a statement would have done besides importing can't be guessed."""
    with pytest.raises(ModuleNotFoundError):
        loaded(source)


def test_a_package_without_the_module_stays_usable() -> None:
    """Of `import json.absent` the package is there."""
    assert loaded("import json.absent")["json"] is sys.modules["json"]


def test_a_missing_import_hides_what_the_name_was() -> None:
    """As an import that works does."""
    with pytest.raises(ModuleNotFoundError, match="absent"):
        eval("one()", loaded("one = print", "from absent import one"))


def test_an_import_in_a_try_may_find_out() -> None:
    """Both for any package and for Colab's."""
    tried = "try:\n    import {}\nexcept ImportError:\n    found = False\nelse:\n    found = True"
    for name in ("absent", "google.colab"):
        assert loaded(tried.format(name))["found"] is False


def test_colab_does_nothing() -> None:
    """Its modules import in every way, at the top and in functions; no call has an effect."""
    names = loaded(
        "import google.colab",
        "from google.colab import drive, files",
        "from google import colab",
        "def f():\n    import google.colab.output as out\n    return out.clear()",
    )
    for use in ("google.colab.drive.mount('/content')", "files.download('a')", "f()"):
        assert eval(use, names) is None
    assert (
        eval("colab.files is not None and drive.mount('/content', force_remount=True)", names)
        is None
    )


def test_a_notebook_that_asks_for_colab_by_name_finds_none() -> None:
    """`'google.colab' in sys.modules` is how many ask."""
    source = "import sys\nhere = 'google.colab' in sys.modules"
    assert loaded("from google.colab import drive", source)["here"] is False
