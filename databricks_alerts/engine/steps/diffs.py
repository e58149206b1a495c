"""What to make of a provider's diff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from databricks_alerts.engine.events import PropertyDifference
from databricks_alerts.engine.providers.base import Diff, PropertyDiff
from databricks_alerts.engine.steps import paths
from databricks_alerts.engine.values import UNKNOWN, Properties, Secret

INIT_ERROR = "#initerror"
_INVERSE = {"add": "delete", "delete": "add"}


def same_values(old: Any, new: Any) -> bool:
    """Whether two property values are equal when nobody looks at what is secret."""
    return all(False for _ in structural(old, new))


def structural(old: Any, new: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each (path, add | delete | update) by which two values differ. UNKNOWN always differs."""
    old = old.value if isinstance(old, Secret) else old
    new = new.value if isinstance(new, Secret) else new
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _member(old, new, key, join(prefix, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _item(old, new, index, f"{prefix}[{index}]")
    elif old is UNKNOWN or new is UNKNOWN or type(old) is not type(new) or old != new:
        yield prefix, "update"


def join(prefix: str, key: str) -> str:
    """The path of a key inside `prefix`, quoted where dots or brackets demand it."""
    if any(mark in key for mark in '.[]"') or not key:
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{prefix}["{escaped}"]'
    return f"{prefix}.{key}" if prefix else key


def _member(
    old: dict[str, Any], new: dict[str, Any], key: str, path: str
) -> Iterator[tuple[str, str]]:
    if key not in old:
        yield path, "add"
    elif key not in new:
        yield path, "delete"
    else:
        yield from structural(old[key], new[key], path)


def _item(old: list[Any], new: list[Any], index: int, path: str) -> Iterator[tuple[str, str]]:
    if index >= len(old):
        yield path, "add"
    elif index >= len(new):
        yield path, "delete"
    else:
        yield from structural(old[index], new[index], path)


def of_inputs(old: Properties, new: Properties) -> Diff:
    """A Diff made from inputs alone, for resources that no provider diffs."""
    found = dict(structural(old, new))
    changed = list(dict.fromkeys(str(paths.parse(path)[0]) for path in found))
    detailed = {path: PropertyDiff(kind) for path, kind in found.items()}  # type: ignore[arg-type]
    return Diff(bool(found), changed_keys=changed, detailed=detailed)


def forced(key: str) -> Diff:
    """A replacement that is not the provider's wish, with the reason that is shown."""
    return Diff(changes=True, replace_keys=[key])


def with_replace_on_changes(diff: Diff, replace_on_changes: list[str], init_errors: bool) -> Diff:
    """`diff` with the changes that the program wants to replace turned into replacements."""
    if not replace_on_changes or not (diff.changes or init_errors):
        return diff
    patterns = [paths.parse(text) for text in replace_on_changes]

    def matches(path: str) -> bool:
        return any(paths.contains(pattern, paths.parse(path)) for pattern in patterns)

    return _replacing(diff, matches, init_errors and matches(INIT_ERROR))


def _replacing(diff: Diff, matches: Callable[[str], bool], init_error: bool) -> Diff:
    keys = [key for key in diff.changed_keys if matches(key)]
    detailed = dict(diff.detailed)
    for path, item in diff.detailed.items():
        if matches(path):
            detailed[path] = _as_replacement(item)
            keys.append(str(paths.parse(path)[0]))
    if init_error:
        keys.append(INIT_ERROR)
        detailed[INIT_ERROR] = PropertyDiff("update-replace", input_diff=False)
    return replace(
        diff,
        changes=diff.changes or init_error,
        replace_keys=list(dict.fromkeys([*diff.replace_keys, *keys])),
        detailed=detailed,
    )


def _as_replacement(item: PropertyDiff) -> PropertyDiff:
    if item.kind.endswith("-replace"):
        return item
    return PropertyDiff(f"{item.kind}-replace", item.input_diff)  # type: ignore[arg-type]


def for_events(diff: Diff) -> dict[str, PropertyDifference] | None:
    """The detailed diff as events carry it."""
    if not diff.detailed:
        return None
    return {
        path: PropertyDifference(item.kind, item.input_diff) for path, item in diff.detailed.items()
    }


def inverted(diff: Diff) -> Diff:
    """The diff seen from the other side: what a refresh brought into the state."""

    def invert(item: PropertyDiff) -> PropertyDiff:
        kind = item.kind.removesuffix("-replace")
        return PropertyDiff(_INVERSE.get(kind, kind), item.input_diff)  # type: ignore[arg-type]

    return replace(
        diff,
        replace_keys=[],
        detailed={path: invert(item) for path, item in diff.detailed.items()},
    )


def with_unknown(inputs: Properties, keys: set[str]) -> Properties:
    """The inputs as they would be if the values of `keys` were about to change."""
    return {key: UNKNOWN if key in keys else value for key, value in inputs.items()}
