"""The JSON Schema of a rubric, for editors: what each check takes stands beside its name."""

from typing import Any

from grader.checks import CHECKS
from grader.rubric.model import Rubric

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def rubric_schema() -> dict[str, Any]:
    """Draft 2020-12, with the parameters of every registered check."""
    schema = Rubric.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    row = definitions["Row"]
    checks = sorted(CHECKS.items())
    row["properties"]["use"] = {
        "description": "Name of the check.",
        "oneOf": [{"const": name, "description": spec.summary} for name, spec in checks],
    }
    row["allOf"] = []
    for name, spec in checks:
        parameters = spec.params.model_json_schema()
        definitions.update(parameters.pop("$defs", {}))
        key = f"with {name}"
        definitions[key] = parameters
        then: dict[str, Any] = {
            "properties": {
                "with": {"$ref": f"#/$defs/{key}"},
                # Practice only changes some of them.
                "practice": {part: of for part, of in parameters.items() if part != "required"},
            }
        }
        if parameters.get("required"):
            then["required"] = ["with"]
        chosen = {"properties": {"use": {"const": name}}, "required": ["use"]}
        row["allOf"].append({"if": chosen, "then": then})
    return {"$schema": DRAFT, **schema}
