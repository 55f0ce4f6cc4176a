"""grader/worker/namespace.py: a slice is executed, and a failure is told in the student's terms."""

import pytest

from grader.worker.namespace import describe_failure, find, load


def chunk(source: str, label: str = "cell 3", first_line: int = 1) -> dict[str, object]:
    return {"source": source, "label": label, "first_line": first_line}


def test_chunks_share_one_namespace() -> None:
    """As the cells of a notebook do."""
    names = load([chunk("a = 2"), chunk("def f(x): return a * x")])
    assert find(names, "f")(4) == 8


def test_methods_are_found_by_path() -> None:
    """`Class.method` names one."""
    names = load([chunk("class Game:\n    def answer(self): return 5")])
    assert find(names, "Game.answer")(None) == 5
    with pytest.raises(NameError):
        find(names, "Play.answer")


def test_a_failure_names_cell_and_line() -> None:
    """Lines are counted within the cell, and the line's text is shown."""
    names = load([chunk("def f(x):\n    y = x\n    return y / 0", "cell 12", 5)])
    try:
        find(names, "f")(1)
    except ZeroDivisionError as exc:
        told = describe_failure(exc, "call")
    assert told["where"] == "cell 12, line 7, in f: return y / 0"
    assert told["type"] == "ZeroDivisionError"
    assert not told["memory"]


def test_a_message_that_cannot_be_read_is_not_fatal() -> None:
    """An exception's own text may raise, or be endless."""

    class Bad(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise ValueError

    assert "could not be read" in describe_failure(Bad(), "call")["message"]
    assert len(describe_failure(ValueError("x" * 10_000), "call")["message"]) < 1000


def test_memory_errors_of_every_library_are_told() -> None:
    """Torch and JAX raise other classes than MemoryError."""
    assert describe_failure(MemoryError(), "call")["memory"]
    torch_error = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to")
    assert describe_failure(torch_error, "call")["memory"]


def test_the_file_does_not_run_as_the_main_program() -> None:
    """What stands under `if __name__ == "__main__"` is not executed."""
    assert "hit" not in load([chunk("if __name__ == '__main__':\n    hit = 1")])
