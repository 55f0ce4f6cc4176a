"""What pydantic finds, in the words of a rubric's faults: what was expected and what came."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

SHOWN = 60
"""Characters of a wrong value that its fault repeats."""
_DEMANDS = {
    "bool_type": "must be true or false",
    "dict_type": "must have keys with values",
    "model_type": "must have keys with values",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_too_short": "must not be empty",
    "string_type": "must be text",
    "too_short": "must not be empty",
}
_STARTS = {
    "Input should be ": "must be ",
    "String should ": "must ",
    "Tuple should ": "must ",
    "Value error, ": "",
}


def told(error: Mapping[str, Any], known: Iterable[str]) -> str:
    """One fault in words.

    Args:
        error: one of `ValidationError.errors()`.
        known: the keys that may stand where it was found.
    """
    kind = error["type"]
    if kind == "missing":
        return "must be given, is missing"
    if kind == "extra_forbidden":
        return _unknown_key(str(error["loc"][-1]), sorted(known))
    demand = _DEMANDS.get(kind) or _reworded(str(error["msg"]))
    got = error["input"]
    quoting = "; put it in quotes" if kind == "string_type" and isinstance(got, int | float) else ""
    return f"{demand}, got {_shown(got)}{quoting}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """One step for a name that is not known: the nearest that is, or all."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"


def _unknown_key(key: str, known: list[str]) -> str:
    if not known:
        return f"must not be there: nothing is asked for here, got {key!r}"
    return f"must be a key that is known here, got {key!r}; {did_you_mean(key, known)}"


def _reworded(text: str) -> str:
    for start, ours in _STARTS.items():
        if text.startswith(start):
            return ours + text.removeprefix(start)
    return f"must be right: {text}"


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "keys"
        return f"{kind} with {len(value)} entries" if value else f"{kind} without entries"
    text = {None: "nothing", True: "true", False: "false"}.get(value) if _is_word(value) else None
    text = text or repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _is_word(value: Any) -> bool:
    """None and booleans, but not the 0 and 1 that equal them."""
    return value is None or isinstance(value, bool)
