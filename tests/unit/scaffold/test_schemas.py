"""The published JSON Schemas are those of the models, and take what the models take."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from databricks_alerts.scaffold.schemas import schema_text, schemas

ROOT = Path(__file__).parents[3]
FILES = {
    "pack.schema.json": [ROOT / "packs/health_monitor/pack.yaml"],
    "rules.schema.json": sorted(
        path for path in (ROOT / "packs/health_monitor").glob("*.yaml") if path.name != "pack.yaml"
    ),
    "stack.schema.json": sorted((ROOT / "stacks").glob("Pulumi.*.yaml")),
}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_what_is_published_is_what_the_models_say(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])
    published = ROOT / "docs" / "schemas" / name
    assert published.read_text(encoding="utf-8") == schema_text(schemas()[name]), (
        "run: python -m databricks_alerts.scaffold.schemas docs/schemas"
    )


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, paths in FILES.items() for path in paths]
)
def test_what_this_repository_holds_passes(name: str, path: Path) -> None:
    # Through JSON: YAML's dates are text to the models too.
    data = json.loads(json.dumps(YAML(typ="safe").load(path), default=str))
    jsonschema.validate(data, schemas()[name])


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("rules.schema.json", {"rules": [{"id": "A"}]}, "'name' is a required property"),
        ("pack.schema.json", {"name": "A"}, "does not match"),
        ("pack.schema.json", {"name": "a", "colour": 1}, "'colour' was unexpected"),
        ("stack.schema.json", {"config": {"databricks-alerts:x": 1}}, "'databricks-alerts:x'"),
        ("policies.schema.json", {"policies": {"no-select-star": "on"}}, "not valid under any"),
        (
            "policies.schema.json",
            {"policies": {"schedule-interval": {"minuten": 5}}},
            "not valid under any",
        ),
    ],
)
def test_a_mistake_does_not_pass(name: str, data: object, said: str) -> None:
    found = jsonschema.Draft202012Validator(schemas()[name]).iter_errors(data)
    assert any(said in error.message for error in found)
