"""Marking secrets: providers answer in plain, the state must not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from databricks_alerts.engine.values import Output, Properties, Secret


def like(plain: Any, marked: Any) -> Any:
    """`plain` with a Secret wherever `marked` has one at the same path."""
    if isinstance(plain, Secret):
        return plain
    if isinstance(marked, Secret):
        return Secret(plain)
    if isinstance(marked, Output):
        return Secret(plain) if marked.secret else like(plain, marked.value)
    if isinstance(plain, dict) and isinstance(marked, dict):
        return {
            key: like(item, marked[key]) if key in marked else item for key, item in plain.items()
        }
    if isinstance(plain, list) and isinstance(marked, list) and len(plain) == len(marked):
        return [like(item, model) for item, model in zip(plain, marked, strict=True)]
    return plain


def paths(properties: Properties, secret_paths: Iterable[str]) -> Properties:
    """`properties` with a Secret at each dotted path that exists; lists are looked into."""
    for path in secret_paths:
        properties = _mark(properties, path.split("."))
    return properties


def _mark(value: Any, path: list[str]) -> Any:
    if isinstance(value, Secret):
        return value
    if not path:
        return value if value is None else Secret(value)
    if isinstance(value, list):
        return [_mark(item, path) for item in value]
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: _mark(value[path[0]], path[1:])}
    return value
