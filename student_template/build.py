"""Writes the template and the reference hand-in, each as a notebook and as a module.

`python -m student_template.build` writes the files; `--check` says which differ from their sources.
"""

import argparse
import sys
from pathlib import Path

from student_template.cells import Form, SourceError, parse
from student_template.render import given, hoist_imports, module, notebook, of_form
from student_template.solutions import Solutions
from student_template.solve import solve

ROOT = Path(__file__).parents[1]
SOURCE = "student_template/assignment.md"
TEMPLATE_DOCSTRING = "Problem Set 1: the questions, and the functions to write."
REFERENCE_DOCSTRING = "Problem Set 1, solved. Generated: change the reference's modules instead."
GIVEN_DOCSTRING = f"""What the assignment gives to everyone. Generated from {SOURCE}."""


def render(root: Path) -> dict[str, str]:
    """Every generated file, path below `root` -> text.

    Args:
        root: the folder that holds `student_template` and `reference`.

    Raises:
        SourceError: the assignment or the reference can't be understood.
    """
    cells = parse((root / SOURCE).read_text(encoding="utf-8"), SOURCE)
    solutions = Solutions(root / "reference")
    files = {"reference/given.py": given(cells, GIVEN_DOCSTRING)}
    for form in Form:
        asked = of_form(cells, form)
        solved = of_form(solve(asked, solutions), form)
        for folder, content, docstring in (
            ("student_template", asked, TEMPLATE_DOCSTRING),
            ("reference", solved, REFERENCE_DOCSTRING),
        ):
            ready = hoist_imports(content)
            if form is Form.NOTEBOOK:
                files[f"{folder}/ps1.ipynb"] = notebook(ready)
            else:
                files[f"{folder}/ps1.py"] = module(ready, docstring)
    return files


def stale(files: dict[str, str], root: Path) -> list[str]:
    """The paths of the files that are missing below `root` or say something else there."""
    return [
        path
        for path, text in files.items()
        if not (root / path).is_file() or (root / path).read_bytes() != text.encode()
    ]


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; 0 where all is well, 1 where files differ, 2 where a source is wrong."""
    parser = argparse.ArgumentParser(prog="python -m student_template.build")
    parser.add_argument("--check", action="store_true", help="write nothing, name what differs")
    check = parser.parse_args(argv).check
    try:
        files = render(root)
    except SourceError as exc:
        print(exc, file=sys.stderr)
        return 2
    changed = stale(files, root)
    for path in changed:
        if not check:
            (root / path).write_bytes(files[path].encode())
        print(f"{path}: differs from its source" if check else f"{path}: written")
    if changed and check:
        print("run `python -m student_template.build`", file=sys.stderr)
    return int(bool(changed and check))


if __name__ == "__main__":
    sys.exit(main())
