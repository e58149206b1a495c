"""JSON Schemas of what people write in YAML, made from the models that read it.

docs/schemas holds them for editors; `python -m databricks_alerts.scaffold.schemas docs/schemas`
writes them anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from databricks_alerts.packs.authored import Manifest, RuleFile
from databricks_alerts.policies.configuration import BUILT_IN
from databricks_alerts.rules.settings import NAMESPACE, Settings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LEVELS = ["advisory", "mandatory", "off"]
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schemas() -> dict[str, dict[str, Any]]:
    """Each schema by its file's name."""
    return {
        "pack.schema.json": {"$schema": _DIALECT, **Manifest.model_json_schema()},
        "rules.schema.json": {"$schema": _DIALECT, **RuleFile.model_json_schema()},
        "stack.schema.json": _stack(),
        "policies.schema.json": _policies(),
    }


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _stack() -> dict[str, Any]:
    """`Pulumi.<stack>.yaml`: our own keys closely, those of other namespaces as they are.

    The CLI writes every value as text, so numbers and booleans may be in quotes.
    """
    settings = Settings.model_json_schema(by_alias=True)
    properties = {
        f"{NAMESPACE}:{name}": {
            "anyOf": [schema, {"type": "string"}],
            **({"default": schema["default"]} if "default" in schema else {}),
        }
        for name, schema in settings["properties"].items()
    }
    return {
        "$schema": _DIALECT,
        "title": "A stack's settings",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": properties,
                "required": [f"{NAMESPACE}:{name}" for name in settings["required"]],
                "patternProperties": {f"^(?!{NAMESPACE}:)": {}},
                "additionalProperties": False,
            }
        },
        "required": ["config"],
        "$defs": settings.get("$defs", {}),
    }


def _policies() -> dict[str, Any]:
    """`policies.yaml`; policies of one's own have names that no schema knows."""
    level = {"enum": _LEVELS}
    properties = {
        policy.name: {
            "description": policy.about,
            "anyOf": [
                level,
                {
                    "type": "object",
                    "properties": {
                        "level": {**level, "default": policy.level},
                        **{name: _option(value) for name, value in policy.options.items()},
                    },
                    "additionalProperties": False,
                },
            ],
        }
        for policy in BUILT_IN
    }
    return {
        "$schema": _DIALECT,
        "title": "Policies of the gate",
        "type": "object",
        "properties": {
            "policies": {"type": "object", "properties": properties},
            "functions": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    }


def _option(default: Any) -> dict[str, Any]:
    kind = _TYPES.get(type(default))
    shown = list(default) if isinstance(default, tuple) else default
    return {"default": shown, **({"type": kind} if kind else {})}


if __name__ == "__main__":
    for file, content in schemas().items():
        (Path(sys.argv[1]) / file).write_text(schema_text(content), encoding="utf-8")
