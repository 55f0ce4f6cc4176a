"""A folder around a whole download: archives often begin with one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.batch import brightspace, nbgrader
from grader.batch.gradescope import GRADESCOPE_FOLDER
from grader.batch.moodle import MOODLE_FOLDER
from grader.batch.tree import Member, file_stem, is_zip, shown_path


def without_wrapper(members: Sequence[Member], shortest: int) -> tuple[Sequence[Member], list[str]]:
    """Without folders that hold everything, and what was left out.

    Files beside such a folder that can't be graded, and the zip it comes from, are left out.

    Args:
        members: Of the source.
        shortest: Parts of the shortest path to a student's file, where that is known.
    """
    wrapper: list[str] = []
    notes = []
    while members:
        tops = {member.path.parts[0]: len(member.path.parts) > 1 for member in members}
        folders = [name for name, is_folder in tops.items() if is_folder]
        beside = [one for one in members if len(one.path.parts) == 1 and one.gradable]
        if _is_course(tops):
            first = nbgrader.SUBMITTED
            notes.append(f"nbgrader's course folder: {first} alone is graded")
        elif len(folders) != 1 or not all(_is_packed(one, folders[0]) for one in beside):
            break
        else:
            (first,) = folders
            if _is_student(first, members, shortest):
                if len(members) > 1 and not shortest and not _is_named(first):
                    notes.append(
                        f"check who is who: the only folder, {shown_path(PurePosixPath(first))}, "
                        "is taken for one student; if it holds a class, grade into a new folder "
                        "with --layout files"
                    )
                break
            wrapper.append(first)
            notes += [
                f"{shown_path(one.path)}: not opened, the folder of its name is graded"
                for one in beside
            ]
        members = [
            replace(member, path=PurePosixPath(*member.path.parts[1:]))
            for member in members
            if member.path.parts[0] == first and len(member.path.parts) > 1
        ]
        if first == nbgrader.SUBMITTED:
            break
    if wrapper:
        path = shown_path(PurePosixPath(*wrapper))
        notes.insert(0, f"everything lies in the folder {path}, which is taken for no student")
    return members, notes


def _is_course(tops: Mapping[str, bool]) -> bool:
    """Whether the folders at the top are those of a course in nbgrader."""
    folders = {name for name, is_folder in tops.items() if is_folder}
    return nbgrader.SUBMITTED in folders and len(folders) > 1 and folders <= nbgrader.COURSE_FOLDERS


def _is_packed(file: Member, folder: str) -> bool:
    """Whether `file` is the zip that `folder` was unpacked from."""
    return is_zip(file.path.name) and file_stem(file.path.name) == folder


def _is_student(folder: str, members: Sequence[Member], shortest: int) -> bool:
    """Whether the only folder is a student's rather than one around all students."""
    gradable = [one.path for one in members if one.gradable and len(one.path.parts) > 1]
    alone = len(gradable) == 1 and len(gradable[0].parts) == 2  # noqa: PLR2004 - a student's
    return _is_named(folder) or alone or any(len(path.parts) <= shortest for path in gradable)


def _is_named(folder: str) -> bool:
    """Whether a system has named it."""
    return bool(
        MOODLE_FOLDER.fullmatch(folder)
        or GRADESCOPE_FOLDER.fullmatch(folder)
        or brightspace.NUMBERS.match(folder)
        or nbgrader.EXCHANGE_FOLDER.fullmatch(folder)
    )
