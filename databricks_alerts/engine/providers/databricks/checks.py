"""Whether inputs are what a resource type takes, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from databricks_alerts.engine.providers.base import CheckFailure
from databricks_alerts.engine.providers.databricks.schema import Field
from databricks_alerts.engine.steps.diffs import join
from databricks_alerts.engine.values import UNKNOWN

_NAMES = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "list": "a list",
}


def failures(spec: Field, inputs: Any, old: Any = None) -> list[CheckFailure]:
    """All that is wrong with the inputs, by property path.

    `old` are the inputs in the state: what an import read is tolerated where it stayed as it was.
    """
    return list(_object(spec, inputs, old, ""))


def _value(spec: Field, value: Any, old: Any, path: str) -> Iterator[CheckFailure]:
    if value is None or value is UNKNOWN:
        return
    if not _has_kind(spec, value):
        reason = f"must be {_NAMES[spec.kind]}, not {_describe(value)}"
        yield CheckFailure(path, reason)
    elif spec.kind == "object":
        yield from _object(spec, value, old, path)
    elif spec.kind == "list" and spec.item is not None:
        olds = old if isinstance(old, list) and len(old) == len(value) else [None] * len(value)
        if spec.required and not value:
            yield CheckFailure(path, "must have at least one item")
        for index, item in enumerate(value):
            yield from _value(spec.item, item, olds[index], f"{path}[{index}]")
    elif spec.required and value == "":
        yield CheckFailure(path, "must not be empty")
    elif spec.allowed and value not in spec.allowed:
        yield CheckFailure(path, f"must be one of {', '.join(spec.allowed)}, not {value!r}")


def _object(spec: Field, value: Any, old: Any, path: str) -> Iterator[CheckFailure]:
    olds = old if isinstance(old, dict) else {}
    for name, item in value.items():
        if name.startswith("__") or item is None:
            continue
        inner = spec.fields.get(name)
        where = join(path, name)
        if inner is None:
            if name in olds and olds[name] == item:
                continue  # a later version's, which deployed it
            known = ", ".join(sorted(key for key, it in spec.fields.items() if not it.computed))
            yield CheckFailure(where, f"is not a property here; known are {known}")
        elif inner.computed:
            if item != olds.get(name):
                yield CheckFailure(where, "is set by the workspace and cannot be an input")
        else:
            yield from _value(inner, item, olds.get(name), where)
    for name, inner in spec.fields.items():
        if inner.required and value.get(name) is None:
            yield CheckFailure(join(path, name), "is required")
    yield from _one_of(spec, value, path)


def _one_of(spec: Field, value: dict[str, Any], path: str) -> Iterator[CheckFailure]:
    if not spec.one_of:
        return
    given = [name for name in spec.one_of if value.get(name) is not None]
    if len(given) != 1:
        found = f"not {' and '.join(given)}" if given else "none is given"
        yield CheckFailure(path, f"must have exactly one of {', '.join(spec.one_of)}: {found}")


def _has_kind(spec: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return spec.kind == "boolean"
    if isinstance(value, int):
        return spec.kind in ("integer", "number")
    if isinstance(value, float):
        return spec.kind == "number" or (spec.kind == "integer" and value.is_integer())
    kinds = {"string": str, "object": dict, "list": list}
    return spec.kind in kinds and isinstance(value, kinds[spec.kind])


def _describe(value: Any) -> str:
    """The kind of a value; never the value, which may be secret."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    names: dict[type, str] = {str: "a string", dict: "an object", list: "a list"}
    return names.get(type(value), "that")
