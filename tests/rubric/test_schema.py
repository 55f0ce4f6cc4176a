"""The schema that editors use agrees with what the grader reads."""

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from grader.assets import asset
from grader.checks import CHECKS
from grader.rubric import rubric_schema
from grader.rubric.load import EMBEDDED
from tests.rubric.conftest import RIGHT

Change = tuple[tuple[str | int, ...], Any]
REMOVED = object()


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = rubric_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def changed(place: tuple[str | int, ...], value: Any) -> Any:
    """The right rubric with one value replaced or removed."""
    rubric = yaml.safe_load(RIGHT)
    inner = rubric
    for step in place[:-1]:
        inner = inner[step]
    if value is REMOVED:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return rubric


def test_the_schema_accepts_the_embedded_rubric(validator: Draft202012Validator) -> None:
    """The rubric of the problem set is valid, and so is the small one."""
    for text in (asset(EMBEDDED).read_text(encoding="utf-8"), RIGHT):
        assert not list(validator.iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(("total",), "10", id="total as text"),
        pytest.param(("total",), REMOVED, id="no total"),
        pytest.param(("surprise",), 1, id="unknown key"),
        pytest.param(("items",), [], id="no items"),
        pytest.param(("items", 0, "id"), 1.1, id="id as a number"),
        pytest.param(("items", 0, "points"), -1, id="negative points"),
        pytest.param(("items", 0, "defaults_"), {}, id="a name of the code"),
        pytest.param(("items", 0, "checks", 0, "use"), "theory.nothing", id="unknown check"),
        pytest.param(("items", 0, "checks", 0, "parameters_"), {}, id="another name of the code"),
        pytest.param(("items", 0, "checks", 0, "with"), {"drawz": 1}, id="unknown parameter"),
        pytest.param(("items", 0, "checks", 0, "with"), {"draws": 0}, id="no draws"),
        pytest.param(
            ("items", 1, "checks", 0, "with"), REMOVED, id="a parameter that must be given"
        ),
        pytest.param(("items", 1, "checks", 0, "with", "of"), "W", id="no such choice"),
        pytest.param(("items", 1, "checks", 0, "practice"), {"of": "W"}, id="practice"),
        pytest.param(("items", 1, "limits", "wall_seconds"), 0, id="no time"),
        pytest.param(("items", 1, "hand", "criteria"), [], id="no criteria"),
    ],
)
def test_the_schema_rejects(
    validator: Draft202012Validator, place: tuple[str | int, ...], value: Any
) -> None:
    """What the grader refuses, an editor underlines."""
    assert list(validator.iter_errors(changed(place, value)))


def test_the_schema_accepts_practice_without_what_must_be_given(
    validator: Draft202012Validator,
) -> None:
    """Practice names only what it changes."""
    assert not list(validator.iter_errors(changed(("items", 1, "checks", 0, "practice"), {})))


def test_the_schema_holds_no_names_of_the_code() -> None:
    """Keys are those of the YAML, and defaults are of their keys' types."""
    schema = rubric_schema()
    for hidden in ("defaults_", "limits_", "parameters_"):
        assert hidden not in json.dumps(schema)
    for part in schema["$defs"].values():
        for of in part["properties"].values():
            if "default" in of and of.get("type") in {"number", "integer"}:
                assert isinstance(of["default"], int | float)


def test_the_schema_describes_every_check_and_key() -> None:
    """An editor shows what each check promises and what a key means."""
    row = rubric_schema()["$defs"]["Row"]["properties"]
    described = {entry["const"]: entry["description"] for entry in row["use"]["oneOf"]}
    assert set(described) == set(CHECKS)
    assert all(described.values())
    assert "fast" in row["practice"]["description"]
