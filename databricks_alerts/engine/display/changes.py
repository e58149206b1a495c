"""What a step changes, property by property."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.events import StepMetadata, StepState
from databricks_alerts.engine.steps import paths
from databricks_alerts.engine.values import Output, Properties, Secret

ChangeKind = Literal["add", "delete", "update"]
_KINDS: tuple[ChangeKind, ...] = ("add", "delete", "update")
_MISSING = object()
# `__defaults`, `__meta` and the like are a provider's own notes.
_PRIVATE = "__"


@dataclass(frozen=True, slots=True)
class Change:
    """One property path and its values; `replaces`: this is why the resource is replaced."""

    path: str
    kind: ChangeKind
    old: Any = None
    new: Any = None
    replaces: bool = False


def of_step(step: StepMetadata) -> list[Change]:
    """All changes of a step, by path: of a create all inputs, of a delete none."""
    old, new = step.old, step.new
    if new is None or (old is None and step.op not in ("import", "import-replacement")):
        return [] if new is None else list(between({}, _shown(new.inputs)))
    if old is None:
        return []
    if step.detailed_diff:
        found = [
            change
            for path, item in step.detailed_diff.items()
            if not path.startswith(_PRIVATE)
            for change in _detailed(path, item.kind, item.input_diff, old, new)
        ]
        return sorted(found, key=lambda change: change.path)
    if step.op == "same":
        return []
    keys = set(step.keys)
    found = list(between(_shown(old.inputs), _shown(new.inputs)))
    return [_replacing(change, keys) for change in found]


def of_outputs(step: StepMetadata) -> list[Change]:
    """How a stack's outputs change."""
    old = step.old.outputs if step.old is not None else {}
    return list(between(old, step.new.outputs if step.new is not None else {}))


def between(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """The places where two values differ: inside objects and lists by their parts."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _parts(old.get(key, _MISSING), new.get(key, _MISSING), _join(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else _MISSING
            right = new[index] if index < len(new) else _MISSING
            yield from _parts(left, right, f"{path}[{index}]")
    elif old != new or type(_plain(old)) is not type(_plain(new)):
        yield Change(path, "update", old, new)


def _parts(old: Any, new: Any, path: str) -> Iterator[Change]:
    if old is _MISSING:
        yield Change(path, "add", None, new)
    elif new is _MISSING:
        yield Change(path, "delete", old, None)
    else:
        yield from between(_plain(old), _plain(new), path)


def _detailed(
    path: str, kind: str, input_diff: bool, old: StepState, new: StepState
) -> Iterator[Change]:
    replaces = kind.endswith("-replace")
    base = kind.removesuffix("-replace")
    plain: ChangeKind = next((name for name in _KINDS if name == base), "update")
    before = _first(path, old.inputs if input_diff else old.outputs, old.inputs)
    after = _first(path, new.inputs, new.outputs)
    if plain == "update" and isinstance(before, dict | list) and isinstance(after, dict | list):
        inner = list(between(before, after, path))
        yield from (
            Change(item.path, item.kind, item.old, item.new, replaces)
            for item in inner or [Change(path, "update", before, after)]
        )
        return
    yield Change(
        path,
        plain,
        None if before is _MISSING or plain == "add" else before,
        None if after is _MISSING or plain == "delete" else after,
        replaces,
    )


def _first(path: str, *places: Properties) -> Any:
    try:
        segments = paths.parse(path)
    except ProjectError:
        segments = (path,)
    for place in places:
        found = _at(place, segments)
        if found is not _MISSING:
            return found
    return _MISSING


def _at(value: Any, segments: paths.Path) -> Any:
    for index, segment in enumerate(segments):
        if isinstance(value, Secret):
            # What is inside a secret is one, too.
            inner = _at(value.value, segments[index:])
            return inner if inner is _MISSING else Secret(inner)
        value = _plain(value)
        try:
            value = value[segment] if isinstance(value, dict) else _item(value, segment)
        except (KeyError, IndexError):
            return _MISSING
    return _plain(value)


def _item(value: Any, segment: str | int) -> Any:
    if isinstance(value, list) and isinstance(segment, int):
        return value[segment]
    raise KeyError(segment)


def _plain(value: Any) -> Any:
    if isinstance(value, Output):
        return Secret(value.value) if value.secret else _plain(value.value)
    return value


def _shown(properties: Properties) -> Properties:
    return {key: item for key, item in properties.items() if not key.startswith(_PRIVATE)}


def _replacing(change: Change, keys: set[str]) -> Change:
    head = change.path.split(".", 1)[0].split("[", 1)[0]
    if head not in keys:
        return change
    return Change(change.path, change.kind, change.old, change.new, replaces=True)


def _join(path: str, key: str) -> str:
    if not key or any(sign in key for sign in '.[]"'):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key
