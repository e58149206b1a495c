"""What each page shows, as plain data."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING, Any

from databricks_alerts.local_workspace.destinations.models import KIND as DESTINATION
from databricks_alerts.local_workspace.page import charts, facts, listing, meaning
from databricks_alerts.local_workspace.page.highlight import pieces
from databricks_alerts.local_workspace.page.received import received
from databricks_alerts.local_workspace.page.words import schedule_in_words

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.state import Workspace

BAR = 120.0
SPARK = (120.0, 24.0)
PLOT = (640.0, 180.0)
_SPARKED = 30  # evaluations in a cell
_SHOWN = 60
_EVENTS = 8
_LETTERS = 20


def alerts(workspace: Workspace, asked: dict[str, str]) -> dict[str, Any]:
    """The head and the list, as the query asks."""
    query, problems = listing.read_query(asked)
    told = facts.rules(workspace)
    known = {alert["id"]: alert for alert in facts.active(workspace)}
    rows = [facts.row(workspace, alert, told) for alert in known.values()]
    selection = listing.select(rows, query)
    return {
        "query": query,
        "problems": problems,
        "total": len(rows),
        "counts": listing.counts(rows),
        "domains": listing.domains(rows),
        "choices": listing,
        "events": _events(workspace, known),
        "selection": selection,
        "cells": [_cell(workspace, known[row.id], row) for row in selection.rows],
        "live": query.live,
    }


def alert(workspace: Workspace, asked: dict[str, str]) -> dict[str, Any] | None:
    """One alert: its past, definition, query, notifications; None if there is none."""
    found = facts.find(workspace, asked["id"])
    if found is None:
        return None
    alarms, told = facts.alarms_of(workspace), facts.rules(workspace)
    evaluations = alarms.evaluations.latest(found["id"])
    names = _names(workspace)
    return {
        "alert": found,
        "cell": _cell(workspace, found, facts.row(workspace, found, told)),
        "description": facts.description(found["id"], told),
        "sentences": meaning.sentences(found),
        "sql": pieces(found["query_text"]),
        "chart": charts.chart(evaluations, *PLOT),
        "evaluations": evaluations[:_SHOWN],
        "letters": [
            {**item, "receiver": names.get(item["receiver"], item["receiver"])}
            for item in alarms.notifier.letters(found["id"], _LETTERS)
        ],
        "live": listing.read_query(asked)[0].live,
    }


def destinations(workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
    """Every destination, how its deliveries went, the last of all; its configuration never."""
    deliveries = facts.alarms_of(workspace).notifier.deliveries()
    counted = Counter((item["receiver"], item["status"]) for item in deliveries)
    newest = {item["receiver"]: item for item in reversed(deliveries)}
    names = _names(workspace)
    used = _used(workspace)
    found = sorted(workspace.store.all(DESTINATION), key=lambda item: item["display_name"])
    return {
        "rows": [
            {
                "name": item["display_name"],
                "type": item["destination_type"],
                "id": item["id"],
                "alerts": used[item["id"]],
                "delivered": counted[item["id"], "DELIVERED"],
                "failed": counted[item["id"], "FAILED"],
                "last": newest.get(item["id"]),
            }
            for item in found
        ],
        "deliveries": [
            {**item, "receiver": names.get(item["receiver"], item["receiver"])}
            for item in deliveries[:_SHOWN]
        ],
    }


def messages(workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
    """What arrived in the inbox, as its receivers show it."""
    found = facts.alarms_of(workspace).inbox.messages()[:_SHOWN]
    return {"rows": [received(item) for item in found]}


def requests(workspace: Workspace, asked: dict[str, str]) -> dict[str, Any]:
    """What was asked of the API: the last requests, and how many of each."""
    rows = workspace.requests.counts()
    return {
        "rows": sorted(rows, key=lambda item: -int(item["count"])),
        "latest": workspace.requests.latest(),
        "live": listing.read_query(asked)[0].live,
    }


def _cell(workspace: Workspace, alert: dict[str, Any], row: listing.Row) -> dict[str, Any]:
    """A row with what is drawn of it."""
    evaluations = facts.alarms_of(workspace).evaluations.latest(row.id, _SPARKED)
    schedule = alert["schedule"]
    threshold = facts.threshold(alert, evaluations)
    return {
        "row": row,
        "trigger": meaning.trigger(alert, threshold),
        "bar": charts.bar(row.value, threshold, BAR),
        "spark": charts.spark(evaluations, *SPARK),
        "schedule": schedule_in_words(schedule["quartz_cron_schedule"], schedule["timezone_id"]),
        "paused": schedule.get("pause_status") == "PAUSED",
        "error": evaluations[0]["error"] if evaluations else None,
    }


def _events(workspace: Workspace, known: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest changes of states."""
    latest = facts.alarms_of(workspace).evaluations.latest
    changes = (
        {**item, "name": alert["display_name"]}
        for key, alert in known.items()
        for item in latest(key, _SPARKED)
        if item["state"] != item["previous_state"]
    )
    return heapq.nlargest(_EVENTS, changes, key=lambda item: str(item["at"]))


def _names(workspace: Workspace) -> dict[str, str]:
    return {item["id"]: item["display_name"] for item in workspace.store.all(DESTINATION)}


def _used(workspace: Workspace) -> Counter[str]:
    """How many alerts tell each destination."""
    return Counter(
        subscription.get("destination_id", "")
        for alert in facts.active(workspace)
        for subscription in (alert["evaluation"].get("notification") or {}).get("subscriptions", [])
    )
