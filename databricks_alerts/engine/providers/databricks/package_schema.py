"""The package's Pulumi schema, for what asks a plugin for it: imports, policies, `get-schema`.

It tells what this provider manages, in the names and tokens of Pulumi's own package, so that code
generated from it runs with the `pulumi_databricks` that is installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from databricks_alerts.engine.providers.databricks import settings
from databricks_alerts.engine.providers.databricks.resource import Resource
from databricks_alerts.engine.providers.databricks.resources import all_resources
from databricks_alerts.engine.providers.databricks.schema import Field

_NAME = "databricks"
# Names that every Pulumi resource has, which a schema must not declare again.
_RESERVED = ("id", "urn")
_SCALARS = {"string": "string", "number": "number", "integer": "integer", "boolean": "boolean"}
Schema = dict[str, Any]


@lru_cache(maxsize=1)
def package_schema(version: str) -> Schema:
    """The schema (developer-docs/providers/schema in the pulumi repository), as plain JSON."""
    types: Schema = {}
    variables = {name: _setting(name) for name in sorted(settings.KNOWN - settings.ENGINE_KEYS)}
    return {
        "name": _NAME,
        "displayName": "Databricks",
        "version": version,
        "description": "The Databricks resources that this project's own provider manages.",
        "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
        "language": {"python": {"compatibility": "tfbridge20", "pyproject": {"enabled": True}}},
        "config": {"variables": variables},
        "provider": {"type": "object", "inputProperties": variables},
        "resources": {
            token: _resource(resource, types) for token, resource in all_resources().items()
        },
        "types": types,
        "functions": {},
    }


def stable_properties(token: str) -> list[str]:
    """Top-level properties that no update changes, as the bridge tells them of older resources."""
    resource = all_resources()[token]
    if not resource.older_sdk:
        return []
    return [name for name, item in resource.root.fields.items() if item.replaces]


def _resource(resource: Resource, types: Schema) -> Schema:
    name = resource.token.rpartition(":")[2]
    fields = {key: item for key, item in resource.root.fields.items() if key not in _RESERVED}
    inputs = {key: item for key, item in fields.items() if not item.computed}
    required = [key for key, item in inputs.items() if item.required]
    properties = dict(_properties(name, fields, types))
    return {
        "description": (type(resource).__doc__ or "").strip(),
        "type": "object",
        "properties": properties,
        "required": sorted([*required, *(key for key in fields if fields[key].computed)]),
        "inputProperties": {key: properties[key] for key in inputs},
        "requiredInputs": sorted(required),
        "stateInputs": {"type": "object", "properties": properties},
    }


def _properties(
    prefix: str, fields: Mapping[str, Field], types: Schema
) -> Iterator[tuple[str, Schema]]:
    for key, item in fields.items():
        spec = _type(f"{prefix}{key[0].upper()}{key[1:]}", item, types)
        if item.secret:
            spec["secret"] = True
        if item.replaces:
            spec["willReplaceOnChanges"] = True
        if item.default not in (None, ""):
            spec["description"] = f"{item.default!r} where nothing is said."
        yield key, spec


def _type(name: str, field: Field, types: Schema) -> Schema:
    if field.kind == "list":
        assert field.item is not None
        # As the bridge calls them: `parameters` is a list of AlertV2Parameter.
        return {"type": "array", "items": _type(name.removesuffix("s"), field.item, types)}
    if field.kind != "object":
        return {"type": _SCALARS[field.kind]}
    types[f"{_NAME}:index/{name}:{name}"] = {
        "type": "object",
        "properties": dict(_properties(name, field.fields, types)),
        "required": sorted(key for key, item in field.fields.items() if item.required),
    }
    return {"$ref": f"#/types/{_NAME}:index/{name}:{name}"}


def _setting(name: str) -> Schema:
    if name == "scopes":
        return {"type": "array", "items": {"type": "string"}}
    kind = "boolean" if name in settings.FLAGS else "string"
    if name in settings.NUMBERS:
        kind = "integer"
    return {"type": kind, **({"secret": True} if name in settings.SECRETS else {})}
