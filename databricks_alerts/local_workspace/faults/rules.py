"""Which requests a fault strikes: pure deciding, so that a drill repeats itself exactly."""

from __future__ import annotations

import fnmatch
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from databricks_alerts.local_workspace.errors import invalid

REQUEST_KINDS = ("latency", "rate_limit", "server_error", "drop_before", "drop_after")
WAREHOUSE_KINDS = ("warehouse_stopped", "warehouse_starting")
KINDS = REQUEST_KINDS + WAREHOUSE_KINDS
MAX_SECONDS = 3600.0
_FIELDS = ("kind", "method", "path", "share", "count", "seconds", "status", "seed")


@dataclass(frozen=True)
class Fault:
    """One rule.

    `path` is a glob over the request's path, `share` the part of matching requests that it
    strikes (0 to 1), `count` how many it strikes at most. `seconds` is the latency, rate_limit's
    Retry-After, or how long a warehouse takes to start. `status` belongs to server_error. The
    same `seed` strikes the same requests, counted from the rule's first.
    """

    id: str
    kind: str
    method: str = "*"
    path: str = "*"
    share: float = 1.0
    count: int | None = None
    seconds: float = 1.0
    status: int = 500
    seed: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is about this request."""
        return (
            self.kind in REQUEST_KINDS
            and self.method in ("*", method)
            and fnmatch.fnmatchcase(path, self.path)
        )

    def strikes(self, number: int) -> bool:
        """Whether the rule's matching request of this number (from 0) falls in its share."""
        # Not for secrecy: a draw that depends on the rule and the number only.
        return random.Random(f"{self.seed}:{number}").random() < self.share  # noqa: S311

    def document(self) -> dict[str, Any]:
        """The rule as the endpoint shows it."""
        return asdict(self)


@dataclass(frozen=True)
class Seen:
    """What a rule met so far: requests that matched, and those of them that it struck."""

    matched: int = 0
    struck: int = 0


def decide(
    faults: Sequence[Fault], seen: Mapping[str, Seen], method: str, path: str
) -> tuple[list[Fault], dict[str, Seen]]:
    """The faults that strike a request, in their order, and what the rules have then seen."""
    striking: list[Fault] = []
    after = dict(seen)
    for fault in faults:
        if not fault.matches(method, path):
            continue
        before = after.get(fault.id, Seen())
        used_up = fault.count is not None and before.struck >= fault.count
        hit = not used_up and fault.strikes(before.matched)
        after[fault.id] = Seen(before.matched + 1, before.struck + hit)
        if hit:
            striking.append(fault)
    return striking, after


def read(key: str, body: dict[str, Any]) -> Fault:
    """The rule of a request's body. Raises ApiError INVALID_PARAMETER_VALUE naming the field."""
    unknown = sorted(set(body) - set(_FIELDS))
    if unknown:
        raise invalid(f"{unknown[0][:40]} is not known; a fault has {', '.join(_FIELDS)}.")
    given = {name: value for name, value in body.items() if value is not None}
    if given.get("kind") not in KINDS:
        raise invalid(f"kind must be one of {', '.join(KINDS)}.")
    for name in ("method", "path"):
        if not isinstance(given.get(name, ""), str):
            raise invalid(f"{name} must be a string.")
    _require_number(given, "share", 0, 1)
    _require_number(given, "seconds", 0, MAX_SECONDS)
    _require_number(given, "count", 0, math.inf, whole=True)
    _require_number(given, "status", 500, 599, whole=True)
    _require_number(given, "seed", -math.inf, math.inf, whole=True)
    if "method" in given:
        given["method"] = given["method"].upper()
    return Fault(id=key, **given)


def _require_number(
    body: dict[str, Any], name: str, least: float, most: float, *, whole: bool = False
) -> None:
    value = body.get(name, 0 if least <= 0 else least)
    good = isinstance(value, int) if whole else isinstance(value, int | float)
    if isinstance(value, bool) or not good or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        raise invalid(f"{name} must be {kind} from {least:g} to {most:g}.")
