"""From a plan and what was done of it to the rows that are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from alerting.deployment import Plan, Prepared
from alerting.outcome import Action, RowOutcome
from alerting.plan import Declared

ALERT = "AlertV2"
DESTINATION = "NotificationDestination"


@dataclass(frozen=True)
class Done:
    """What happened to one resource; `error` is the API's message if it failed."""

    action: Action
    id: str
    error: str | None = None


Ids = Mapping[str, Mapping[str, str]]


def planned_outcomes(
    plan: Plan, done: Mapping[str, Done], ids: Ids | None
) -> tuple[list[RowOutcome], list[RowOutcome]]:
    """Outcomes of rules and of destinations.

    `done` has what changed or failed by `AlertV2/<key>` or `NotificationDestination/<key>`. `ids`
    are the Databricks ids under `alerts` and `destinations` once the run is over, empty ones for
    what could not be deployed; None while it still runs: then only what is known is told.
    """
    names = {rule.alert_id: rule.display_name for rule in plan.prepared.snapshot.rules}
    alerts = [*_rows(plan.alerts, ALERT, done, (ids or {}).get("alerts"), plan, names)]
    destinations = _rows(
        plan.destinations, DESTINATION, done, (ids or {}).get("destinations"), plan, {}
    )
    alerts += _deletes(plan, done)
    told = {item.key for item in alerts}
    lost = [item for item in forgotten(plan.prepared) if item.key not in told]
    return [*alerts, *lost], list(destinations)


def _deletes(plan: Plan, done: Mapping[str, Done]) -> Iterator[RowOutcome]:
    """The alerts that went, or could not be deleted; nothing of those not tried yet."""
    for key in plan.deletes:
        found = done.get(f"{ALERT}/{key}")
        if found is not None:
            yield RowOutcome(
                key=key, action="DELETED", databricks_id=found.id or None, error=found.error
            )


def forgotten(prepared: Prepared) -> list[RowOutcome]:
    """Disabled rules whose alert is gone though their row still names it.

    A run that ended before it could record its deletes leaves them.
    """
    there = {alert.id for alert in prepared.inventory.alerts}
    return [
        RowOutcome(key=rule.alert_id, action="DELETED", databricks_id=rule.databricks_alert_id)
        for rule in prepared.snapshot.rules
        if not rule.is_enabled and rule.databricks_alert_id
        if rule.databricks_alert_id not in there
    ]


def _rows(
    declared: Iterable[Declared],
    kind: str,
    done: Mapping[str, Done],
    ids: Mapping[str, str] | None,
    plan: Plan,
    names: Mapping[str, str],
) -> Iterator[RowOutcome]:
    for item in declared:
        error: str | None
        if item.decision != "deploy":
            action: Action = "HELD" if item.decision == "hold" else "SKIPPED"
            known, error = item.existing, plan.reason(item.key) or "its row is invalid"
        else:
            found = done.get(f"{kind}/{item.key}") or _unnoticed(item, ids)
            if found is None:
                continue
            action, known, error = _action(item, found), found.id or item.existing, found.error
        yield RowOutcome(
            key=item.key,
            action=action,
            databricks_id=known or None,
            display_name=names.get(item.key),
            error=error,
        )


def _unnoticed(item: Declared, ids: Mapping[str, str] | None) -> Done | None:
    """What no hook saw: unchanged, adopted as it was, or not tried."""
    if ids is None:
        return None
    if not ids.get(item.key):
        return Done("ERROR", "", "it was not tried: something that it needs failed")
    return Done("UPDATED" if item.adopt else "UNCHANGED", ids[item.key])


def _action(item: Declared, done: Done) -> Action:
    replaced = done.action == "CREATED" and item.existing and not item.adopt
    return "REPLACED" if replaced else done.action
