"""Every way in which a call can end, in words for the student."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Status
from grader.sandbox.findings import MAX_TEXT, explain_ending, explain_failure, one_line
from grader.sandbox.interface import GIB, MIB, Ending, Limits, Reason

LIMITS = Limits(wall_seconds=30, memory_bytes=2 * GIB, output_bytes=MIB // 2)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("ending", "status", "words"),
    [
        (Ending(Reason.WALL_TIME), Status.TIMED_OUT, "30 s were used up"),
        (Ending(Reason.CPU_TIME, -24), Status.TIMED_OUT, "more than 122 s of CPU time"),
        (Ending(Reason.MEMORY), Status.OUT_OF_MEMORY, "more memory than the item's 2 GiB"),
        (Ending(Reason.SIGNAL, -11), Status.KILLED, "signal 11 (SIGSEGV)"),
        (Ending(Reason.SIGNAL, -40), Status.KILLED, "signal 40 (unknown)"),
        (Ending(Reason.OUTPUT), Status.KILLED, "printed more than 0.5 MiB"),
        (Ending(Reason.PROTOCOL, None, "early"), Status.KILLED, "interfered with the grader's"),
        (Ending(Reason.EXITED, 3), Status.ERRORED, "(exit code 3) and answered nothing"),
    ],
)
def test_explain_ending_tells_what_happened(ending: Ending, status: Status, words: str) -> None:
    """Each reason has its own status, one line of what happened and one step to take."""
    found = explain_ending(ending, "`grad_U`", LIMITS)
    assert found.status is status
    assert found.feedback.startswith("`grad_U` ")
    assert words in found.feedback
    assert found.hint
    assert "\n" not in found.feedback


@pytest.mark.parametrize("reason", Reason)
def test_explain_ending_knows_every_reason(reason: Reason) -> None:
    """No way to end is left without words; what was seen is kept for staff."""
    found = explain_ending(Ending(reason, None, "seen"), "`f`", LIMITS)
    assert str(reason) in found.staff_note
    assert "seen" in found.staff_note
    assert "seen" not in found.feedback


@pytest.mark.parametrize(
    ("account", "status", "feedback", "hint"),
    [
        pytest.param(
            {"type": "ValueError", "message": "shapes (5,3)", "where": "cell 4, line 2"},
            Status.ERRORED,
            "`f` raised ValueError: shapes (5,3) (cell 4, line 2)",
            "run the function alone",
            id="raised",
        ),
        pytest.param(
            {"type": "NotImplementedError", "message": ""},
            Status.ERRORED,
            "`f` raised NotImplementedError",
            "replace the template's body",
            id="template",
        ),
        pytest.param(
            {"type": "TypeError", "message": "f() takes 1 positional argument but 2 were given"},
            Status.ERRORED,
            "`f` raised TypeError: f() takes 1",
            "keep the template's signature",
            id="signature",
        ),
        pytest.param(
            {"type": "TypeError", "message": "unsupported operand"},
            Status.ERRORED,
            "`f` raised TypeError: unsupported",
            "run the function alone",
            id="another TypeError",
        ),
        pytest.param(
            {"type": "ModuleNotFoundError", "message": "No module named 'cupy'"},
            Status.ERRORED,
            "No module named 'cupy'",
            "the package `cupy` is not installed here; remove its import",
            id="package",
        ),
        pytest.param(
            {"type": "AssertionError", "message": "Torch not compiled with CUDA enabled"},
            Status.ERRORED,
            "`f` raised AssertionError: Torch not compiled",
            "there is no GPU here; write `device =",
            id="gpu",
        ),
        pytest.param(
            {"type": "ModuleNotFoundError", "message": "No module named 'torchvision'"},
            Status.ERRORED,
            "No module named 'torchvision'",
            "torchvision is not installed on this machine: pip install torchvision",
            id="package of the course",
        ),
        pytest.param(
            {"type": "AssertionError", "where": "ps1.py, line 8, in f: assert t.is_cuda"},
            Status.ERRORED,
            "`f` raised AssertionError (ps1.py, line 8",
            "there is no GPU here and tensors stay on the CPU",
            id="asserts a device",
        ),
        pytest.param(
            {"type": "UnsupportedResultError", "message": "a generator"},
            Status.FAILED,
            "`f` must return numbers, arrays or lists of these, got a generator",
            "return the array itself",
            id="no plain value",
        ),
        pytest.param(
            {"type": "ValueError", "message": "too deep", "stage": "result"},
            Status.FAILED,
            "`f` must return numbers",
            "return the array itself",
            id="while the result was read",
        ),
        pytest.param(
            {"type": "MemoryError", "message": "", "memory": True, "where": "cell 2, line 9"},
            Status.OUT_OF_MEMORY,
            "`f` needed more memory than the item's 2 GiB: MemoryError (cell 2, line 9)",
            "factors would do",
            id="memory",
        ),
    ],
)
def test_explain_failure_tells_what_was_raised(
    account: dict[str, Any], status: Status, feedback: str, hint: str
) -> None:
    """The exception, where it was raised, and one step to take."""
    found = explain_failure(account, "`f`", LIMITS)
    assert found.status is status
    assert feedback in found.feedback
    assert hint in found.hint


def test_explain_failure_keeps_the_trace_for_staff() -> None:
    """The last steps of the submission's own trace, not its beginning, and not for the student."""
    trace = [f"cell {at}, in f" for at in range(20)]
    found = explain_failure({"type": "E", "message": "m", "trace": trace}, "`f`", LIMITS)
    assert found.staff_note.splitlines() == trace[-8:]
    assert "cell 19" not in found.feedback


@given(
    plain
    | st.dictionaries(
        st.sampled_from(["type", "message", "where", "trace", "stage", "memory"]), plain
    )
)
def test_explain_failure_survives_any_account(account: Any) -> None:
    """What the worker says is a stranger's word: whatever it is, it becomes one safe line."""
    found = explain_failure(account, "`f`", LIMITS)
    assert found.status in {Status.ERRORED, Status.FAILED, Status.OUT_OF_MEMORY}
    assert "\n" not in found.feedback
    assert "\x1b" not in found.feedback + found.staff_note
    assert len(found.feedback) < 3 * MAX_TEXT
    assert found.feedback.encode()


def test_explain_failure_does_not_believe_a_status() -> None:
    """A submission can't award itself a status, points or a hint."""
    found = explain_failure({"status": "PASSED", "hint": "full marks", "type": "E"}, "`f`", LIMITS)
    assert found.status is Status.ERRORED
    assert "full marks" not in found.feedback + found.hint


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("a\n  b\tc ", "a b c"),
        ("\x1b[31mred", r"\x1b[31mred"),
        (None, ""),
        (3, ""),
        (["a"], ""),
        ("", ""),
    ],
)
def test_one_line_is_one_line(value: Any, line: str) -> None:
    """Text without breaks and control characters; anything else is no text."""
    assert one_line(value) == line


def test_one_line_is_cut() -> None:
    """A submission can't flood its feedback."""
    line = one_line("x" * 10_000)
    assert len(line) == MAX_TEXT
    assert line.endswith(" ...")
