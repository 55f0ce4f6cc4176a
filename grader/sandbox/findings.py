"""Words for the student about how a call ended: one line of what happened, one of what to do."""

from typing import Any

from grader.faults import SubmissionFault
from grader.model import Status
from grader.sandbox.interface import GIB, MIB, Ending, Limits, Reason
from grader.sandbox.output import visible

SIGNALS = {
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    15: "SIGTERM",
    25: "SIGXFSZ",
    31: "SIGSYS",
}
MAX_TEXT = 700
MAX_STEPS = 8
_UNSUPPORTED = {"UnsupportedResultError", "ProtocolError"}
_LESS_MEMORY = "look for an array that grows with the square of n where its factors would do"
_NO_EXIT = "return a value; do not call exit"

COURSE_PACKAGES = ("numpy", "scipy", "torch", "torchvision", "jax", "matplotlib")
_ADVICE = {
    "NotImplementedError": "replace the template's body by yours",
    "NameError": "define it above the function, at the top level of the file",
    "SystemExit": _NO_EXIT,
    "KeyboardInterrupt": _NO_EXIT,
    "RecursionError": "end the recursion, or use a loop",
    "FileNotFoundError": "do not read files in what is graded",
    "PermissionError": "do not write files in what is graded",
}
"""Type of an exception -> one step for the student."""
_NO_GPU = (
    "not compiled with CUDA", "no NVIDIA driver", "No CUDA GPUs", "without CUDA support",
    "requires CUDA support", "without ATen_cuda", "attribute '_cuda_", "dummy base class",
    "but torch.cuda.is_available() is False", "no CUDA-capable device",
    "accelerator device when none", "from the 'MPS' backend", "support for mps devices",
    "without MPS backend", "MPS is not available", "no platforms that are instances of",
    "CUDA is not available", "CUDA not available", "support for cuda devices", "NVTX functions",
)  # fmt: skip
"""What torch and JAX say where there is no GPU."""
_DEVICE_OF_A_TENSOR = (".device", ".is_cuda", ".is_mps")
"""In a line that asserts on which device a tensor is."""


def explain_ending(ending: Ending, what: str, limits: Limits) -> SubmissionFault:
    """The finding for a process that ended before its answer was there.

    Args:
        ending: How it ended.
        what: What was waited for, e.g. "`grad_U`".
        limits: The item's.
    """
    signal_number = -(ending.code or 0)
    status, happened, step = {
        Reason.WALL_TIME: (
            Status.TIMED_OUT,
            f"had not come back when the item's {limits.wall_seconds:g} s were used up",
            "look for a loop that does not end, or for work that one matrix product would do",
        ),
        Reason.CPU_TIME: (
            Status.TIMED_OUT,
            f"used more than {limits.cpu_seconds} s of CPU time",
            "look for a loop that does not end",
        ),
        Reason.MEMORY: (
            Status.OUT_OF_MEMORY,
            f"needed more memory than the item's {limits.memory_bytes / GIB:g} GiB",
            _LESS_MEMORY,
        ),
        Reason.PROCESSES: (
            Status.KILLED,
            f"started more than {limits.processes} processes and threads",
            "compute in one process",
        ),
        Reason.SIGNAL: (
            Status.KILLED,
            f"was ended by signal {signal_number} ({SIGNALS.get(signal_number, 'unknown')})",
            "a crash below Python: look for endless recursion or a wrong call into C",
        ),
        Reason.OUTPUT: (
            Status.KILLED,
            f"printed more than {limits.output_bytes / MIB:g} MiB",
            "print less",
        ),
        Reason.PROTOCOL: (
            Status.KILLED,
            "interfered with the grader's channel to it",
            "leave file descriptors alone that your code did not open",
        ),
        Reason.EXITED: (
            Status.ERRORED,
            f"ended the whole process (exit code {ending.code}) and answered nothing",
            _NO_EXIT,
        ),
    }[ending.reason]
    staff = f"{ending.reason}, code {ending.code} {ending.detail}".strip()
    return SubmissionFault(status, f"{what} {happened}", step, staff)


def explain_failure(value: Any, what: str, limits: Limits) -> SubmissionFault:
    """The finding for a call that the worker says has failed; its account is shown, not believed.

    Args:
        value: `type`, `message`, `where`, `trace`, `stage`, `memory`; anything may be missing.
        what: What was called, e.g. "`grad_U`".
        limits: The item's.
    """
    account = value if isinstance(value, dict) else {}
    kind, message, where = (one_line(account.get(key)) for key in ("type", "message", "where"))
    trace = account.get("trace")
    steps = [one_line(step) for step in trace] if isinstance(trace, list) else []
    staff = "\n".join(steps[-MAX_STEPS:])
    place = f" ({where})" if where else ""
    if kind in _UNSUPPORTED or account.get("stage") == "result":
        return SubmissionFault(
            Status.FAILED,
            f"{what} must return numbers, arrays or lists of these, got {message}",
            "return the array itself",
            staff,
        )
    if account.get("memory") is True:
        return SubmissionFault(
            Status.OUT_OF_MEMORY,
            f"{what} needed more memory than the item's {limits.memory_bytes / GIB:g} GiB: "
            f"{kind}{place}",
            _LESS_MEMORY,
            staff,
        )
    raised = f"{kind}: {message}" if message else kind or "an error"
    return SubmissionFault(
        Status.ERRORED, f"{what} raised {raised}{place}", _advice(kind, message, where), staff
    )


def one_line(value: Any) -> str:
    """Text of a submission for one line of feedback: no control characters, capped."""
    text = visible(value) if isinstance(value, str) else ""
    text = " ".join(text.split())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 4] + " ..."


def _advice(kind: str, message: str, where: str) -> str:
    if any(words in message for words in _NO_GPU):
        return (
            'there is no GPU here; write `device = "cuda" if torch.cuda.is_available() else "cpu"`'
            ", move everything with `.to(device)`, and use other parts of `torch.cuda` only then"
        )
    if kind == "AssertionError" and any(words in where for words in _DEVICE_OF_A_TENSOR):
        return "there is no GPU here and tensors stay on the CPU; do not assert where they are"
    if kind == "ModuleNotFoundError":
        return _missing_package(message)
    if kind == "TypeError" and "argument" in message:
        return "keep the template's signature"
    return _ADVICE.get(kind, "run the function alone on a small random input")


def _missing_package(message: str) -> str:
    _, _, rest = message.partition("No module named '")
    name = rest.partition("'")[0]
    if name in COURSE_PACKAGES:
        return f"{name} is not installed on this machine: pip install {name}"
    use = f"use only the course's packages: {', '.join(COURSE_PACKAGES)}"
    if not name.replace(".", "").isidentifier():
        return use
    return (
        f"the package `{name}` is not installed here; remove its import, or guard it with `try` "
        f"and `except ImportError`, and move code of your own into this file; {use}"
    )
