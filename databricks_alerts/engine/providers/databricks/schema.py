"""What a resource type's properties are: one description that checking, comparing and the wire use.

Names are Pulumi's (camelCase); the API's are the same in snake case.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from databricks_alerts.engine.values import UNKNOWN

Kind = Literal["string", "number", "integer", "boolean", "object", "list"]


@dataclass(frozen=True, slots=True)
class Field:
    """One property.

    `default` is what the workspace assumes for an absent value, so that both mean the same.
    `computed`: the workspace says it, a program never. `follows`: the workspace decides when the
    program does not, and nothing it decides is drift. `local`: never sent. `secret`: the API takes
    it and never returns it, only `<name>Set`. `replaces`: a change needs a new resource;
    `replaces_presence`: only appearing or going does. `one_of`: exactly one of these keys.
    `same` tells whether two values mean the same to the workspace.
    """

    kind: Kind
    required: bool = False
    allowed: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    item: Field | None = None
    one_of: tuple[str, ...] = ()
    default: Any = None
    computed: bool = False
    follows: bool = False
    imported: bool = True
    local: bool = False
    secret: bool = False
    replaces: bool = False
    replaces_presence: bool = False
    unordered: bool = False
    same: Callable[[Any, Any], bool] = operator.eq


def items_of(fields: Mapping[str, Field], *, unordered: bool = True, **options: Any) -> Field:
    """A list of objects, whose order the workspace may change."""
    item = Field("object", fields=fields, one_of=options.pop("one_of", ()))
    return Field("list", item=item, unordered=unordered, **options)


@lru_cache(maxsize=1024)
def snake(name: str) -> str:
    """`alertV2Id` → `alert_v2_id`: the API's name for a property."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def secret_paths(fields: Mapping[str, Field], prefix: str = "") -> Iterator[str]:
    """The dotted path of every secret property."""
    for name, item in fields.items():
        path = f"{prefix}{name}"
        if item.secret:
            yield path
        inner = item.item.fields if item.item is not None else item.fields
        yield from secret_paths(inner, f"{path}.")


def absent(spec: Field, value: Any) -> bool:
    """Whether a value says no more than leaving it out would."""
    if value is None:
        return True
    if value is UNKNOWN:
        return False
    if spec.kind == "object" and isinstance(value, dict):
        return not spec.replaces_presence and all(
            absent(item, value.get(name)) for name, item in inputs_of(spec)
        )
    if spec.kind == "list":
        return bool(value == [])
    return bool(spec.default is not None and value == spec.default)


def equal(spec: Field, left: Any, right: Any) -> bool:
    """Whether two values mean the same to the workspace. UNKNOWN equals nothing."""
    if absent(spec, left) or absent(spec, right):
        return absent(spec, left) and absent(spec, right)
    if left is UNKNOWN or right is UNKNOWN:
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return all(equal(item, left.get(k), right.get(k)) for k, item in inputs_of(spec))
    if isinstance(left, list) and isinstance(right, list) and spec.item is not None:
        return _equal_lists(spec, spec.item, left, right)
    return bool(isinstance(left, bool) == isinstance(right, bool) and spec.same(left, right))


def _equal_lists(spec: Field, item: Field, left: list[Any], right: list[Any]) -> bool:
    if len(left) != len(right):
        return False
    if not spec.unordered:
        return all(equal(item, one, other) for one, other in zip(left, right, strict=True))
    rest = list(right)
    for one in left:
        found = next((i for i, other in enumerate(rest) if equal(item, one, other)), None)
        if found is None:
            return False
        rest.pop(found)
    return True


def inputs_of(spec: Field) -> Iterator[tuple[str, Field]]:
    """The members of an object that a program may set."""
    return ((name, item) for name, item in spec.fields.items() if not item.computed)
