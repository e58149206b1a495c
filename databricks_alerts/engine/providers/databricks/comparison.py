"""What changes between inputs in the state and inputs that a program wants now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from databricks_alerts.engine.providers.base import Diff, PropertyDiff
from databricks_alerts.engine.providers.databricks.schema import Field, absent, equal
from databricks_alerts.engine.steps.diffs import join
from databricks_alerts.engine.values import UNKNOWN

Change = tuple[str, str, Literal["add", "delete", "update"], bool]


def compare(spec: Field, old: dict[str, Any], new: dict[str, Any]) -> Diff:
    """The diff of a resource: detailed by property path, replacing where the type says so."""
    changes = list(_object(spec, old, new, ""))
    # As Pulumi's bridge, which calls none of its differences one of inputs.
    detailed = {
        path: PropertyDiff(
            f"{kind}-replace" if replaces else kind,  # type: ignore[arg-type]
            input_diff=False,
        )
        for _, path, kind, replaces in changes
    }
    return Diff(
        changes=bool(changes),
        replace_keys=list(dict.fromkeys(top for top, _, _, replaces in changes if replaces)),
        changed_keys=list(dict.fromkeys(top for top, *_ in changes)),
        detailed=detailed,
    )


def _object(spec: Field, old: Any, new: Any, path: str, top: str = "") -> Iterator[Change]:
    for name, item in spec.fields.items():
        if not item.computed:
            where = join(path, name)
            yield from _value(item, old.get(name), new.get(name), where, top or name)


def _value(spec: Field, old: Any, new: Any, path: str, top: str) -> Iterator[Change]:
    if equal(spec, old, new) or (spec.follows and absent(spec, new)):
        return
    if absent(spec, old) or absent(spec, new):
        kind: Literal["add", "delete"] = "add" if absent(spec, old) else "delete"
        yield top, path, kind, spec.replaces or spec.replaces_presence
    elif new is UNKNOWN or old is UNKNOWN:
        yield top, path, "update", spec.replaces
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _object(spec, old, new, path, top)
    elif isinstance(old, list) and isinstance(new, list) and spec.item is not None:
        yield from _list(spec, spec.item, old, new, path, top)
    else:
        yield top, path, "update", spec.replaces


def _list(
    spec: Field, item: Field, old: list[Any], new: list[Any], path: str, top: str
) -> Iterator[Change]:
    for index in range(max(len(old), len(new))):
        where = f"{path}[{index}]"
        if index >= len(old):
            yield top, where, "add", spec.replaces
        elif index >= len(new):
            yield top, where, "delete", spec.replaces
        else:
            yield from _value(item, old[index], new[index], where, top)
