"""What the mutes in force make of rules at one moment. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from databricks_alerts.listing import some
from databricks_alerts.mutes.rows import Kind, Mute
from databricks_alerts.quartz import time_zone
from databricks_alerts.rules.rows import Rule


class Muted(BaseModel):
    """That a rule is muted, until when, by which mute."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    until: dt.datetime
    mute: Mute

    def told(self) -> str:
        """`muted until 2026-11-28 08:00 CET (paused: migration, by ana@example.com)`."""
        zone = time_zone(self.mute.timezone or "UTC") or dt.UTC
        moment = f"{self.until.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        return f"muted until {moment} ({self.kind}: {self.mute.reason}, by {self.mute.created_by})"


def muted_at(rules: Iterable[Rule], mutes: Sequence[Mute], at: dt.datetime) -> dict[str, Muted]:
    """The muted rules by alert_id. Of several mutes a pause wins, then the one that ends last."""
    in_force = [(mute, until) for mute in mutes if (until := mute.until(at)) is not None]
    if not in_force:
        return {}
    in_force.sort(key=lambda item: (item[0].kind == "paused", item[1], item[0].mute_id))
    found = {}
    for rule in rules:
        for mute, until in in_force:
            if mute.is_for(rule):
                found[rule.alert_id] = Muted(kind=mute.kind, until=until, mute=mute)
    return found


def idle_at(rules: Iterable[Rule], mutes: Sequence[Mute], at: dt.datetime) -> list[Muted]:
    """The mutes in force that select no rule, as after one got another alert_id."""
    known = list(rules)
    return [
        Muted(kind=mute.kind, until=until, mute=mute)
        for mute in mutes
        if (until := mute.until(at)) is not None and not any(map(mute.is_for, known))
    ]


def with_mutes(rules: Iterable[Rule], muted: Mapping[str, Muted]) -> tuple[Rule, ...]:
    """The rules as they are deployed while these are muted; nothing else of them changes."""
    return tuple(_muted(rule, muted.get(rule.alert_id)) for rule in rules)


def told(
    muted: Mapping[str, Muted], rules: Iterable[Rule], idle: Iterable[Muted] = ()
) -> Iterator[str]:
    """For people, a line a mute in force: until when, and which enabled rules, or that none."""
    keys: dict[str, list[str]] = {}
    for rule in rules:
        if rule.is_enabled and rule.alert_id in muted:
            keys.setdefault(muted[rule.alert_id].told(), []).append(rule.alert_id)
    for line, found in keys.items():
        yield f"{line}: {some(sorted(found))}"
    for item in idle:
        yield (
            f"{item.told()} selects no rule by {item.mute.selector!r}: if one got another "
            f"alert_id, mute that; `alerts unmute {item.mute.mute_id}` ends this one"
        )


def _muted(rule: Rule, muted: Muted | None) -> Rule:
    if muted is None:
        return rule
    if muted.kind == "paused":
        return rule.model_copy(update={"pause_status": "PAUSED"})
    return rule.model_copy(update={"notification_channels": ()})
