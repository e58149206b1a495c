"""The words and signs of steps: what a log, a progress row and a summary call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from databricks_alerts.engine import urn as urns


@dataclass(frozen=True, slots=True)
class Words:
    """How one kind of step is shown: sign, colour, and what it is before, during and after."""

    sign: str
    style: str
    planned: str
    running: str
    done: str


_WORDS: dict[str, Words] = {
    "create": Words("+", "green", "create", "creating", "created"),
    "update": Words("~", "yellow", "update", "updating", "updated"),
    "replace": Words("+-", "magenta", "replace", "replacing", "replaced"),
    "delete": Words("-", "red", "delete", "deleting", "deleted"),
    "import": Words("=", "cyan", "import", "importing", "imported"),
    "read": Words(">", "cyan", "read", "reading", "read"),
    "refresh": Words("~", "cyan", "refresh", "refreshing", "refreshed"),
    "discard": Words("<", "red", "discard", "discarding", "discarded"),
    "create-replacement": Words("++", "green", "create", "creating replacement", "created"),
    "import-replacement": Words("=>", "cyan", "import", "importing replacement", "imported"),
    "read-replacement": Words(">>", "cyan", "read", "reading replacement", "read"),
    "delete-replaced": Words("--", "red", "delete", "deleting replaced", "deleted"),
    "discard-replaced": Words("<<", "red", "discard", "discarding replaced", "discarded"),
    "remove-pending-replace": Words("~", "yellow", "forget", "forgetting", "forgotten"),
    "same": Words(" ", "dim", "keep", "checking", "unchanged"),
}
_ORDER = list(_WORDS)


def of(op: str) -> Words:
    """The words of a kind of step; one that is unknown speaks for itself."""
    return _WORDS.get(op) or Words("?", "white", op, op, op)


def summary(changes: Mapping[str, int], *, planned: bool) -> str:
    """`Resources: + 29 to create, ~ 1 to update, 3 unchanged`."""
    parts = [_part(op, changes[op], planned) for op in _in_order(changes) if changes[op]]
    return f"Resources: {', '.join(parts) or 'none'}"


def short_type(token: str) -> str:
    """The part of a type that people know: of `databricks:index/alertV2:AlertV2`, `AlertV2`."""
    return token.rsplit(":", 1)[-1]


def label(urn: str) -> str:
    """How people know a resource: short type and name."""
    return f"{short_type(urns.type_of(urn))} {urns.name_of(urn)}"


def _part(op: str, count: int, planned: bool) -> str:
    if op == "same":
        return f"{count} unchanged"
    words = of(op)
    return (
        f"{words.sign} {count} to {words.planned}"
        if planned
        else (f"{words.sign} {count} {words.done}")
    )


def _in_order(ops: Iterable[str]) -> list[str]:
    return sorted(ops, key=lambda op: (op == "same", _ORDER.index(op) if op in _ORDER else 99, op))
