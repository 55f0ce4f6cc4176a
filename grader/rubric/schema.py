"""The JSON Schema of a rubric, for editors: what each check takes stands beside its name."""

from typing import Any

from grader.rubric.load import registered_checks
from grader.rubric.model import Rubric

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def rubric_schema() -> dict[str, Any]:
    """Draft 2020-12, with the parameters of every registered check."""
    schema = Rubric.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    for hidden in ("defaults_",):
        definitions["Item"]["properties"].pop(hidden, None)
    row = definitions["Row"]
    checks = registered_checks()
    row["properties"]["use"] = {
        "oneOf": [
            {"const": name, "description": spec.summary} for name, spec in sorted(checks.items())
        ]
    }
    row["allOf"] = []
    for name, spec in sorted(checks.items()):
        own = spec.params.model_json_schema()
        definitions.update(own.pop("$defs", {}))
        key = f"with {name}"
        definitions[key] = own
        practice = {**own, "required": []}
        row["allOf"].append(
            {
                "if": {"properties": {"use": {"const": name}}, "required": ["use"]},
                "then": {"properties": {"with": {"$ref": f"#/$defs/{key}"}, "practice": practice}},
            }
        )
    return {"$schema": DRAFT, **schema}
