"""The threat model names tests and hostile cases that exist, and misses no hostile file."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "submissions" / "hostile" / "cases"
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMES = {
    case["name"]
    for path in CASES.glob("*.yaml")
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
}
SHOWN = [
    term
    for row in PAGE.splitlines()
    if row.startswith("| ") and row.count("|") >= 5  # the columns of claims, not of other graders
    for term in re.findall(r"`([^`]+)`", row.split("|")[3])
]


def test_every_claim_names_a_test_that_exists() -> None:
    """A path below tests/, a hostile file, or hostile cases by name or pattern."""
    missing = [
        term
        for term in SHOWN
        if not (
            (ROOT / term).exists()
            if "/" in term
            else (CASES / term).exists()
            if term.endswith(".yaml")
            else any(fnmatchcase(name, term) for name in NAMES)
        )
    ]
    assert len(SHOWN) > 60
    assert missing == []
