"""What a student has submitted where nothing can be graded, and what to do about it."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from grader.names import clean_name, first_few, short_name

SHOWN = 5
"""File names in one note."""
NOTHING = "no notebook and no module was submitted"
ADVICE = "submit the notebook (.ipynb) or the module (.py) itself"
KINDS = {
    "a PDF": (".pdf",),
    "a web page": (".html", ".htm"),
    "a text document": (".doc", ".docx", ".odt", ".pages", ".rtf", ".tex"),
    "a text": (".txt", ".md"),
    "a picture": (".png", ".jpg", ".jpeg", ".heic", ".gif", ".svg", ".webp"),
    "a zip": (".zip",),
    "an archive that is not opened": (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"),
    "a link to a file elsewhere": (".url", ".webloc", ".lnk", ".gdoc"),
    "code in another language": (".m", ".jl", ".r", ".rmd", ".c", ".cpp", ".java", ".mlx"),
    "compiled Python": (".pyc", ".pyd"),
    "data": (".csv", ".npy", ".npz", ".mat", ".pt", ".pth", ".pkl", ".json", ".xlsx"),
}
_KIND_OF = {suffix: kind for kind, suffixes in KINDS.items() for suffix in suffixes}


def describe_instead(files: Sequence[str]) -> str:
    """What was submitted in place of a notebook or module, by file name, and what to do."""
    if not files:
        return f"{NOTHING}; {ADVICE}"
    # There may be thousands, and cleaning a name takes long.
    names = sorted(files)
    named = [*map(_with_kind, names[:SHOWN]), *names[SHOWN:]]
    return f"{NOTHING}, only {listed(named)}; {ADVICE}"


def listed(texts: Iterable[str]) -> str:
    """The first few of these texts, and how many more there are."""
    return first_few(texts, SHOWN)


def _with_kind(file: str) -> str:
    kind = _KIND_OF.get(PurePosixPath(file).suffix.casefold(), "")
    name = short_name(clean_name(file))
    return f"{name} ({kind})" if kind else name
