"""Two alerts in the API's words, field by field: what one says and the other does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from databricks_alerts.workspace_view.inventory import folder

# What the workspace assumes where a client says nothing.
_DEFAULTS: dict[str, Any] = {
    "schedule.pause_status": "UNPAUSED",
    "evaluation.empty_result_state": "UNKNOWN",
    "evaluation.notification.notify_on_ok": False,
    "evaluation.notification.retrigger_seconds": 0,
    "parameters[].type": "STRING",
}
_ONLY_HERE = "purge_on_delete"  # an argument of ours that no alert holds


def different_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The fields in which two alerts' bodies differ, as paths such as evaluation.source.display.

    Lists are compared in their order. What says no more than leaving it out is no difference.
    """
    left, right = dict(_leaves("", "", one)), dict(_leaves("", "", other))
    paths = {
        path: name
        for path, (name, _) in [*left.items(), *right.items()]
        if _value(left, path) != _value(right, path)
    }
    return sorted(set(paths.values()))


def _value(leaves: Mapping[str, tuple[str, Any]], path: str) -> Any:
    """With its kind, since in Python True is 1."""
    if path not in leaves:
        return None
    name, value = leaves[path]
    return isinstance(value, bool), folder(value) if name == "parent_path" else value


def _leaves(path: str, name: str, value: Any) -> Iterator[tuple[str, tuple[str, Any]]]:
    """The values that say something: exact path, and the path without places in lists."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key != _ONLY_HERE:
                dot = "." if path else ""
                yield from _leaves(f"{path}{dot}{key}", f"{name}{dot}{key}", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", f"{name}[]", item)
    elif _says_something(name, value):
        yield path, (name.replace("[]", ""), value)


def _says_something(name: str, value: Any) -> bool:
    if value is None or (name in _DEFAULTS and value == _DEFAULTS[name]):
        return False
    return value != "" or name.startswith("evaluation.threshold.value")
