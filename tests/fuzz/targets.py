"""Coverage-guided fuzzing of what reads bytes of strangers: `python targets.py NAME CORPUS`.

Options are libFuzzer's, e.g. `-max_total_time=60`. A crash leaves its input in the working folder.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["grader.worker.protocol", "grader.submission"]):
    from grader.errors import SubmissionError
    from grader.submission import slice_for, submission_from_bytes
    from grader.worker.protocol import HEADER, ProtocolError, decode, encode, unpack_header

MAX_LENGTH = 1 << 20


def frames(raw: bytes) -> None:
    """A header and a body: refused, or a plain value that can be sent back."""
    try:
        header = unpack_header(raw[: HEADER.size].ljust(HEADER.size, b"\0"), MAX_LENGTH)
        assert header.length <= MAX_LENGTH
    except ProtocolError:
        pass
    try:
        value = decode(raw[HEADER.size :])
    except ProtocolError:
        return
    encode(value)


def submissions(raw: bytes) -> None:
    """A notebook or a module, by the first byte: refused, or sliced for two items."""
    name = "ps1.ipynb" if raw[:1] == b"{" else "ps1.py"
    try:
        submission = submission_from_bytes(name, raw)
    except SubmissionError:
        return
    slice_for(submission, ["grad_U"], optional=["F"])
    slice_for(submission, ["harry_answers"], aliases={"harry_answers": "answer"})


TARGETS: dict[str, Callable[[bytes], None]] = {"frames": frames, "submissions": submissions}


def main() -> None:
    """Fuzz the target that the first argument names."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
