"""Execute a submission's slice in a fresh module, and say where it failed in its own terms."""

import linecache
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.worker.missing import bind_placeholder, provide_colab

MODULE_NAME = "submission"
MAX_TEXT = 600
MAX_FRAMES = 8
MEMORY_WORDS = (
    "can't allocate memory",
    "unable to allocate",
    "resource_exhausted",
    "out of memory",
    "cannot allocate memory",
)


def load(chunks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Execute `chunks` in order in one fresh module and return its globals.

    Each chunk has `source`, `label` (such as `cell 12`) and `first_line`, its line within the cell.
    """
    module = types.ModuleType(MODULE_NAME)
    sys.modules[MODULE_NAME] = module
    namespace = module.__dict__
    for name, make in LAZY_NAMES.items():
        namespace[name] = make
    provide_colab([chunk["source"] for chunk in chunks])
    for chunk in chunks:
        label, source = chunk["label"], "\n" * (chunk["first_line"] - 1) + chunk["source"]
        filename = f"<{label}>"
        known = linecache.cache.get(filename)
        text = _overlay(known[2] if isinstance(known, tuple) and len(known) == 4 else [], source)  # noqa: PLR2004 - linecache's own tuple
        linecache.cache[filename] = (len(source), None, text, filename)
        code = compile(source, filename, "exec", dont_inherit=True)
        try:
            exec(code, namespace)  # noqa: S102 - the sandbox exists for this
        except ModuleNotFoundError as exc:
            if not bind_placeholder(chunk["source"], exc, namespace):
                raise
    return namespace


def _overlay(known: Sequence[str], source: str) -> list[str]:
    """The lines of a cell known so far, with those of one more chunk."""
    lines = source.splitlines(keepends=True)
    merged = list(known) + ["\n"] * (len(lines) - len(known))
    for number, line in enumerate(lines):
        if line.strip():
            merged[number] = line
    return merged


def find(namespace: Mapping[str, Any], path: str) -> Any:
    """The object bound to `path`, a name or `Class.method`.

    Raises:
        NameError: nothing is bound to it.
    """
    first, *rest = path.split(".")
    if first not in namespace:
        raise NameError(f"name {first!r} is not defined after loading the submission")
    found = namespace[first]
    for part in rest:
        found = getattr(found, part)
    return found


def describe_failure(exc: BaseException, stage: str) -> dict[str, Any]:
    """`exc` as plain values: type, message, place in the submission, and whether memory ran out."""
    message = _safe_text(exc)
    frames = _frames(exc)
    lowered = message.lower()
    return {
        "stage": stage,
        "type": type(exc).__name__[:80],
        "message": message,
        "where": frames[-1] if frames else "",
        "trace": frames[-MAX_FRAMES:],
        "memory": isinstance(exc, MemoryError) or any(word in lowered for word in MEMORY_WORDS),
    }


def _safe_text(exc: BaseException) -> str:
    try:
        return str(exc)[:MAX_TEXT]
    except BaseException:  # noqa: BLE001 - a submission's own __str__ may raise anything
        return "(its message could not be read)"


def _frames(exc: BaseException) -> list[str]:
    frames = []
    if isinstance(exc, SyntaxError) and exc.filename and exc.filename.startswith("<"):
        frames.append(f"{exc.filename[1:-1]}, line {exc.lineno}")
    step = exc.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename.startswith("<") and step.tb_frame.f_globals.get("__name__") == (
            MODULE_NAME
        ):
            where = f"{code.co_filename[1:-1]}, line {step.tb_lineno}"
            function = "" if code.co_name == "<module>" else f", in {code.co_name}"
            line = linecache.getline(code.co_filename, step.tb_lineno).strip()[:120]
            frames.append(f"{where}{function}: {line}" if line else where + function)
        step = step.tb_next
    return frames


def _get_ipython() -> Any:
    """IPython's shell for the magics inside a submission's functions, such as `%timeit -o`."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 - slow, rarely used

    shell = InteractiveShell.instance()
    # `%matplotlib inline` calls it, and this shell has none.
    shell.enable_gui = lambda _gui=None: None  # type: ignore[method-assign]
    shell.user_ns = sys.modules[MODULE_NAME].__dict__
    return shell


LAZY_NAMES: dict[str, Callable[..., Any]] = {
    "get_ipython": _get_ipython,
    # A notebook shows values with it; there is nobody to show them to.
    "display": lambda *_values, **_options: None,
}
