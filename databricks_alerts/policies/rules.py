"""Policies on what a rule says of itself, and on the change as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from databricks_alerts.policies.model import Change, Options, Problem, policy
from databricks_alerts.quartz import Expression, QuartzError, parse
from databricks_alerts.rules.words import DOMAINS, is_address

_SECONDS_A_MINUTE = 60
_SECONDS_AN_HOUR = 3600
_SECONDS_A_DAY = 24 * _SECONDS_AN_HOUR


@policy("critical-has-pager", level="mandatory")
def critical_has_pager(change: Change, options: Options) -> Iterator[Problem]:
    """A CRITICAL rule has a subscriber that is not only an e-mail."""
    for view in change.rules:
        if view.rule.severity == "CRITICAL" and not any(
            _is_pager(channel, change) for channel in view.rule.notification_channels
        ):
            yield Problem(
                view.key,
                "it is CRITICAL and tells nobody but by e-mail",
                "add a channel of type PAGERDUTY, SLACK, TEAMS or WEBHOOK",
            )


@policy("has-owner", level="mandatory")
def has_owner(change: Change, options: Options) -> Iterator[Problem]:
    """Every enabled rule has an owner."""
    for view in change.rules:
        if not view.rule.owner.strip():
            yield Problem(view.key, "it has no owner", "set owner to a person or a team")


@policy("has-description", level="mandatory")
def has_description(change: Change, options: Options) -> Iterator[Problem]:
    """Every enabled rule says what it means."""
    for view in change.rules:
        if not (view.rule.alert_description or "").strip():
            yield Problem(view.key, "it has no description", "set alert_description")


@policy("schedule-interval", level="mandatory", minutes=1)
def schedule_interval(change: Change, options: Options) -> Iterator[Problem]:
    """No rule runs again before `minutes` minutes have passed; paused ones may go on, and count."""
    least = float(options["minutes"])
    for view in change.rules:
        try:
            expression = parse(view.rule.schedule_cron)
        except QuartzError:
            continue  # a finding already
        apart = _least_minutes(expression)
        if apart < least:
            yield Problem(
                view.key,
                f"{view.rule.schedule_cron} runs again after {apart:g} minutes",
                f"let at least {least:g} minutes pass between runs",
            )


@policy("allowed-domains", level="off", domains=list(DOMAINS))
def allowed_domains(change: Change, options: Options) -> Iterator[Problem]:
    """Every rule has one of the `domains`; their case counts."""
    allowed = [str(item) for item in options["domains"]]
    for view in change.rules:
        if view.rule.agent_domain not in allowed:
            yield Problem(
                view.key,
                f"its domain {view.rule.agent_domain} is not allowed",
                f"use one of {', '.join(allowed)}, or add it to `domains` in policies.yaml",
            )


@policy("threshold-in-seen-range", level="advisory", samples=10)
def threshold_in_seen_range(change: Change, options: Options) -> Iterator[Problem]:
    """A threshold stands near the values that the rule has had, so that it can fire and be OK.

    Fewer than `samples` values tell no range, and neither does nothing but zeros: a counter at rest
    has no scale yet.
    """
    least = int(options["samples"])
    for view in change.rules:
        value, seen = view.rule.threshold, change.seen.get(view.key)
        if seen is None or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if change.samples.get(view.key, least) < least:
            continue
        low, high = seen
        margin = max(high - low, abs(high), abs(low))
        if margin and not low - margin <= value <= high + margin:
            yield Problem(
                view.key,
                f"the threshold {value:g} is far from what was seen, {low:g} to {high:g}",
                "check the threshold's unit and size",
            )


@policy("max-changes", level="mandatory", alerts=50)
def max_changes(change: Change, options: Options) -> Iterator[Problem]:
    """One change does not touch more than `alerts` deployed alerts; new ones are not counted."""
    touched = {
        step.key
        for step in change.steps
        if step.kind == "AlertV2" and step.op not in ("create", "import", "read")
    }
    if len(touched) > int(options["alerts"]):
        yield Problem(
            "",
            f"{len(touched)} deployed alerts would change",
            f"change at most {options['alerts']} at a time, or raise `alerts` in policies.yaml",
        )


@policy("critical-change-needs-label", level="advisory", label="critical-approved")
def critical_change_needs_label(change: Change, options: Options) -> Iterator[Problem]:
    """Changes to alerts of CRITICAL rules are approved by a label on the change."""
    if options["label"] in change.labels:
        return
    for view in change.rules:
        changed = [step.op for step in change.steps_of(view.key) if step.op != "create"]
        if view.rule.severity == "CRITICAL" and changed:
            yield Problem(
                view.key,
                f"a CRITICAL alert would see {', '.join(changed)}",
                f"let somebody put the label {options['label']} on the change",
            )


@policy("no-drift", level="advisory")
def no_drift(change: Change, options: Options) -> Iterator[Problem]:
    """Nothing was changed outside since the last deployment."""
    for item in change.drift:
        yield Problem(
            item.key if item.kind == "AlertV2" else "",
            f"{item.kind} {item.key} was {item.what} outside",
            "deploy to repair it, or take the change over into the tables",
        )


@policy("cost-increase", level="advisory", share=0.5)
def cost_increase(change: Change, options: Options) -> Iterator[Problem]:
    """One change does not raise the number of evaluations a day by more than `share`."""
    before, after = change.cost.evaluations_before, change.cost.evaluations_per_day
    if before and after > before * (1 + float(options["share"])):
        yield Problem(
            "",
            f"evaluations a day rise from {before:.0f} to {after:.0f}",
            "let rules run less often, or raise `share` in policies.yaml",
        )


def _least_minutes(expression: Expression) -> float:
    """The shortest time between two runs, midnight between two days included."""
    moments = [
        hour * _SECONDS_AN_HOUR + minute * _SECONDS_A_MINUTE + second
        for hour in expression.hours
        for minute in expression.minutes
        for second in expression.seconds
    ]
    following = [*moments[1:], moments[0] + _SECONDS_A_DAY]
    return min(b - a for a, b in zip(moments, following, strict=True)) / _SECONDS_A_MINUTE


def _is_pager(channel: str, change: Change) -> bool:
    if is_address(channel):
        return False
    destination = change.destinations.get(channel)
    return destination is not None and destination.destination_type != "EMAIL"


POLICIES = (
    critical_has_pager,
    has_owner,
    has_description,
    allowed_domains,
    schedule_interval,
    threshold_in_seen_range,
    max_changes,
    critical_change_needs_label,
    no_drift,
    cost_increase,
)
