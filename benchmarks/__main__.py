"""`python -m benchmarks`: one table of ratios, each against a named alternative in the same run."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import class_of, game, nbconvert, otter, share
from benchmarks.table import Row, show

PARTS: dict[str, Callable[..., list[Row]]] = {
    "a": game.measure,
    "b": otter.measure,
    "c": nbconvert.measure,
    "deg": class_of.measure,
    "f": share.measure,
}


def main() -> None:
    """Measure the parts that are asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="abcdefg", help="letters of the parts, e.g. `ab`")
    parser.add_argument("--runs", type=int, default=3, help="of each command; the median counts")
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="nla-bench-") as folder:
        for letters, measure in PARTS.items():
            if set(letters) & set(asked.only):
                rows += measure(Path(folder), runs=asked.runs)
                show(rows[-1:])
    show(rows)


if __name__ == "__main__":
    main()
