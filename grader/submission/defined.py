"""How many of the asked names a file defines, to tell a submission from the files beside it."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import SubmissionError
from grader.submission.file_names import MODULE_SUFFIX, gradable_name
from grader.submission.load import parse_submission
from grader.submission.lookup import Definition, find_definition
from grader.submission.notebook import check_size
from grader.submission.program import Program
from grader.submission.python import FUNCTIONS
from grader.submission.reader import call_on_file
from grader.submission.statements import is_stub
from grader.submission.text import shown

CPU_SECONDS = 5
"""Processor time for one file; real ones need less than one second."""


@dataclass(frozen=True, order=True)
class Defined:
    """Counts of asked names, in the order in which files are compared."""

    whole: int = 0
    """Defined by more than a stub."""
    all: int = 0
    """Defined, stubs included."""


@dataclass(frozen=True)
class Question:
    """A file, and the names that are asked for."""

    encoded_name: bytes
    """In UTF-8; lone surrogates stay."""
    raw: bytes
    names: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What `find_defined` found."""

    defined: Defined = Defined()
    error: str = ""
    """Why the file can't be read; empty where it can."""


def count_defined(name: str, raw: bytes, names: Sequence[str]) -> Defined:
    """How many of `names` the file defines itself, as the slices of items find them.

    It is read in a helper process.

    Args:
        name: The file's name; its suffix says what it is.
        raw: Its bytes.
        names: Names of functions and classes; each may be `Class.method`.

    Raises:
        SubmissionError: it can't be read within the limits.
    """
    if not raw.strip() and gradable_name(name) == MODULE_SUFFIX:
        # Such as the `__init__.py` of a package, which nobody has to be told about.
        return Defined()
    check_size(shown(name), len(raw))
    question = Question(name.encode("utf-8", "surrogatepass"), raw, tuple(names))
    answer = call_on_file(find_defined, question, name, cpu_seconds=CPU_SECONDS)
    if answer.error:
        raise SubmissionError(answer.error)
    return answer.defined


def find_defined(question: Question) -> Answer:
    """The counts for a file; runs in a helper."""
    name = question.encoded_name.decode("utf-8", "surrogatepass")
    try:
        program = parse_submission(name, question.raw).program
    except SubmissionError as exc:
        return Answer(error=str(exc))
    found = [find_definition(program, asked, methods=True) for asked in question.names]
    own = [one for one in found if one is not None and not _is_imported(program, one)]
    return Answer(Defined(sum(_is_whole(program, one) for one in own), len(own)))


def _is_imported(program: Program, definition: Definition) -> bool:
    """Whether the name comes from another file, which is not there when this one is graded."""
    return isinstance(program.statements[definition.at].node, (ast.Import, ast.ImportFrom))


def _is_whole(program: Program, definition: Definition) -> bool:
    if "." in definition.path:
        return definition.whole
    node = program.statements[definition.at].node
    if isinstance(node, ast.ClassDef):
        methods = [part for part in node.body if isinstance(part, FUNCTIONS)]
        return not methods or not all(map(_is_unfinished, methods))
    return not _is_unfinished(node)


def _is_unfinished(node: ast.stmt) -> bool:
    """Whether it does nothing yet, or ends as the template's stubs do whatever happens before."""
    if not isinstance(node, FUNCTIONS):
        return False
    if is_stub(node):
        return True
    match node.body[-1]:
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name)) | ast.Name(id=name)):
            returns = any(isinstance(part, ast.Return) for part in ast.walk(node))
            return name == "NotImplementedError" and not returns
    return False
