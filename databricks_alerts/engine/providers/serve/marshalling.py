"""Properties between the protocol's messages and a Provider, which knows no secrets.

What arrives may hold secrets, outputs and references to resources; a Provider gets plain values
and UNKNOWN, and its answer is marked again: like the inputs that it came of, and wherever the
resource type is always secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from databricks_alerts.engine import wire
from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.providers.base import CheckFailure, Diff
from databricks_alerts.engine.steps import marks, paths
from databricks_alerts.engine.values import Properties, ResourceReference, map_value, reveal

_KINDS = {
    "add": provider_pb2.PropertyDiff.ADD,
    "add-replace": provider_pb2.PropertyDiff.ADD_REPLACE,
    "delete": provider_pb2.PropertyDiff.DELETE,
    "delete-replace": provider_pb2.PropertyDiff.DELETE_REPLACE,
    "update": provider_pb2.PropertyDiff.UPDATE,
    "update-replace": provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def received(struct: struct_pb2.Struct) -> Properties:
    """The properties of a message, with secrets marked; outputs are what they hold."""
    properties: Properties = wire.downgrade(wire.from_struct(struct))
    return properties


def plain(marked: Properties) -> Properties:
    """What a Provider is given: secrets revealed, references as the engine sends them in plain."""
    revealed: Properties = map_value(reveal(marked), _unreferenced)
    return revealed


def answered(
    properties: Properties, models: Iterable[Properties], secret_paths: Iterable[str]
) -> struct_pb2.Struct:
    """A Provider's answer for the wire, secret where one of `models` is and at `secret_paths`."""
    marked: Properties = properties
    for model in models:
        marked = marks.like(marked, model)
    return wire.to_struct(marks.paths(marked, secret_paths))


def with_ignored(new: Properties, old: Properties, ignored: Iterable[str]) -> Properties:
    """`new` with the old values at the paths of ignoreChanges, as far as that can be done.

    The engine has done so already for inputs; a path that only outputs have is none of ours.
    """
    for path in ignored:
        try:
            new, _ = paths.reset(new, old, [path])
        except ProjectError:
            continue
    return new


def diff_response(diff: Diff, stables: Iterable[str] = ()) -> provider_pb2.DiffResponse:
    """A Diff as the protocol has it."""
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if diff.changes else response.DIFF_NONE,
        replaces=diff.replace_keys,
        diffs=diff.changed_keys,
        stables=[name for name in stables if name not in diff.replace_keys],
        deleteBeforeReplace=diff.delete_before_replace,
        hasDetailedDiff=True,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=_KINDS[item.kind], inputDiff=item.input_diff)
            for path, item in diff.detailed.items()
        },
    )


def check_failures(failures: Iterable[CheckFailure]) -> list[provider_pb2.CheckFailure]:
    """What a Provider refuses, as the protocol has it.

    The property stands in the reason: one that is named by itself, the engine shows with its value,
    which may be secret, and of one inside another it shows the value `<nil>`.
    """
    return [
        provider_pb2.CheckFailure(reason=f"{failure.property} {failure.reason}".strip())
        for failure in failures
    ]


def _unreferenced(leaf: Any) -> Any:
    if isinstance(leaf, ResourceReference):
        return leaf.urn if leaf.id is None else leaf.id
    return leaf
