"""What is to be said of deployed rules: that they do not run, reach nobody, or cry too much.

Pure. Alerts tell what is now, alert_history what was; where there is no history, only the first
speaks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from databricks_alerts.mutes.rows import Mute
from databricks_alerts.quartz import QuartzError, next_fire, parse, time_zone
from databricks_alerts.rules import sentences
from databricks_alerts.rules.rows import Rule
from databricks_alerts.watch.past import Past
from databricks_alerts.workspace_view.inventory import ExistingAlert

Kind = Literal[
    "gone", "stale", "error", "undelivered", "warehouse", "run_as", "never-fired", "flaps", "blind"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# What a team should look at some day; all others mean that an alert does not do its work.
ADVICE: frozenset[Kind] = frozenset({"never-fired", "flaps", "blind"})
# Warehouses start, queries run, and the list of alerts is behind at times.
_GRACE = dt.timedelta(minutes=5)
# So long an alarm that reached nobody is told.
_RECENT = dt.timedelta(days=7)


class Limits(BaseModel):
    """From when on a rule never fired, and how many changes in a day are too many."""

    model_config = ConfigDict(frozen=True)

    quiet: dt.timedelta = dt.timedelta(days=90)
    changes: int = 6


class Concern(BaseModel):
    """One thing that is not as it should be; `rule` is empty for what concerns all."""

    model_config = ConfigDict(frozen=True)

    rule: str
    kind: Kind
    what: str
    remedy: str

    @property
    def level(self) -> Literal["broken", "advice"]:
        """Whether an alert does not do its work, or somebody should look at it some day."""
        return "advice" if self.kind in ADVICE else "broken"


class Watched(BaseModel):
    """One enabled rule that was deployed: `rule` as it is deployed, `channels` without any mute.

    `alert` is None where no list shows it; the warehouse and whom it runs as are there unless the
    workspace says that they are not.
    """

    model_config = ConfigDict(frozen=True)

    rule: Rule
    channels: tuple[str, ...]
    alert: ExistingAlert | None
    past: Past | None = None
    warehouse: str = ""
    has_warehouse: bool | None = None
    runs_as: str = ""
    has_identity: bool | None = None

    @property
    def last(self) -> dt.datetime | None:
        """The last evaluation that anybody knows of."""
        times = (self.alert and self.alert.last_evaluated_at, self.past and self.past.last)
        return max((time for time in times if time), default=None)


def look(
    watched: Sequence[Watched], mutes: Sequence[Mute], limits: Limits, now: dt.datetime
) -> list[Concern]:
    """Everything there is to say, what is broken first, in order of kinds and rules."""
    found = [concern for item in watched for concern in _of_rule(item, mutes, limits, now)]
    if watched and not any(item.past for item in watched):
        found.append(
            Concern(
                rule="",
                kind="blind",
                what="alert_history has no evaluation of any rule, so nobody knows whether "
                "notifications arrive, which rules never fire and which flap",
                remedy="alerts history sync; `alerts doctor` names what is missing",
            )
        )
    return sorted(found, key=lambda item: (KINDS.index(item.kind), item.rule))


def _of_rule(
    item: Watched, mutes: Sequence[Mute], limits: Limits, now: dt.datetime
) -> Iterator[Concern]:
    def concern(kind: Kind, what: str, remedy: str) -> Concern:
        return Concern(rule=item.rule.alert_id, kind=kind, what=what, remedy=remedy)

    if item.alert is None:
        yield concern("gone", "its alert is not in the workspace", "alerts up")
        return
    if item.has_warehouse is False:
        what = f"its SQL warehouse {item.warehouse} is not there"
        yield concern("warehouse", what, "name another in warehouse_id, or in the stack's settings")
    if item.has_identity is False:
        what = f"it runs as {item.runs_as}, who is not in the workspace"
        yield concern("run_as", what, "name somebody else in run_as, or in the stack's settings")
    if item.alert.state == "ERROR":
        why = item.past.error if item.past and item.past.state == "ERROR" else None
        what = f"its last evaluation failed{f': {why}' if why else ''}"
        yield concern("error", what, f"alerts show {item.rule.alert_id}; alerts validate")
    late = missed(item.rule, item.last, item.alert.update_time, now)
    if late is not None:
        yield concern("stale", late, "look at its warehouse and its runs in the workspace")
    past = item.past
    if past is None:
        return
    if _undelivered(item, past, mutes, now):
        what = f"it was triggered at {past.rang:%Y-%m-%d %H:%M} UTC and nobody was notified"
        yield concern(
            "undelivered", what, "look at its destinations: alerts validate, alerts status"
        )
    if past.first <= now - limits.quiet and (past.fired or past.first) <= now - limits.quiet:
        what = f"it was not triggered for {limits.quiet.days} days"
        yield concern(
            "never-fired", what, "look whether its threshold can be reached, or delete it"
        )
    if past.changes >= limits.changes:
        what = f"it went between OK and TRIGGERED {past.changes} times in a day"
        yield concern(
            "flaps", what, "move its threshold, aggregate over longer, or run it less often"
        )


def missed(
    rule: Rule, last: dt.datetime | None, changed: dt.datetime | None, now: dt.datetime
) -> str | None:
    """What to say of a rule that should have run twice since its last evaluation; None: it did not.

    Two runs, and not a time, since the gaps of a schedule differ: one for working days has no run
    at the weekend. Counted from when the alert was changed, if that is later: it may have been
    paused. A paused rule has nothing to miss.
    """
    zone = time_zone(rule.schedule_timezone)
    since = max((time for time in (last, changed) if time), default=None)
    if rule.pause_status == "PAUSED" or zone is None or since is None:
        return None
    try:
        expression = parse(rule.schedule_cron)
    except QuartzError:
        return None
    second: dt.datetime | None = since
    for _ in range(2):
        second = second and next_fire(expression, second, zone)
    if second is None or second > now - _GRACE:
        return None
    told = f"was last evaluated at {last:%Y-%m-%d %H:%M} UTC" if last else "was never evaluated"
    return f"it {told}, though it runs {sentences.schedule(rule)}"


def _undelivered(item: Watched, past: Past, mutes: Sequence[Mute], now: dt.datetime) -> bool:
    """Whether it fired lately and reached nobody, though it had somebody to reach."""
    rang = past.rang
    if rang is None or past.delivered is not False or rang < now - _RECENT or not item.channels:
        return False
    changed = item.alert.update_time if item.alert else None
    if changed is not None and changed > rang:
        return False  # it may have had nobody to notify by then
    return not any(mute.is_for(item.rule) and mute.until(rang) for mute in mutes)


def ages(watched: Sequence[Watched], now: dt.datetime) -> Mapping[str, float]:
    """Seconds since each rule's last evaluation, of rules that had one."""
    return {
        item.rule.alert_id: max(0.0, (now - item.last).total_seconds())
        for item in watched
        if item.last is not None
    }
