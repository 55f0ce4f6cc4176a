"""How many of the asked names a file defines, to tell a submission from the files beside it."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import SubmissionError
from grader.helper import HelperError, HelperFaultError, call
from grader.submission.load import parse_submission
from grader.submission.lookup import FUNCTIONS, Definition, find_definition
from grader.submission.notebook import MAX_BYTES
from grader.submission.program import Program
from grader.submission.statements import is_stub

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


def count_defined(name: str, raw: bytes, names: Sequence[str]) -> Defined:
    """How many of `names` the file defines itself, as the slices of items find them.

    Nothing in a file that can't be read within the limits. It is read in a helper process.

    Args:
        name: The file's name; its suffix says what it is.
        raw: Its bytes.
        names: Names of functions and classes; each may be `Class.method`.
    """
    if not names or len(raw) > MAX_BYTES:
        return Defined()
    question = Question(name.encode("utf-8", "surrogatepass"), raw, tuple(names))
    try:
        return call(find_defined, question, cpu_seconds=CPU_SECONDS)
    except (HelperError, HelperFaultError):
        return Defined()


def find_defined(question: Question) -> Defined:
    """The counts for a file; runs in a helper."""
    name = question.encoded_name.decode("utf-8", "surrogatepass")
    try:
        program = parse_submission(name, question.raw).program
    except SubmissionError:
        return Defined()
    found = [find_definition(program, asked, methods=True) for asked in question.names]
    own = [one for one in found if one is not None and not _is_imported(program, one)]
    return Defined(sum(_is_whole(program, one) for one in own), len(own))


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
