"""Whether every notification channel is a destination that will be there, or an e-mail address.

A destination that others manage has no row; a rule names it by its Databricks id.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Mapping

from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.words import is_address, is_databricks_id

__all__ = ["check_channels", "is_address", "is_databricks_id"]


def check_channels(
    rule: Rule,
    destinations: Mapping[str, str],
    existing: Callable[[], Container[str]] = frozenset,
) -> list[Finding]:
    """What is wrong with the rule's channels.

    `destinations` maps every destination_id to why it will not be there, empty if it will.
    `existing` gives the Databricks ids of the workspace's destinations; it is asked only where a
    channel is such an id.
    """
    found = []
    for channel in rule.notification_channels:
        if channel in destinations:
            if destinations[channel]:
                what = f"destination {channel!r} {destinations[channel]}"
                found.append(_finding(rule, what, "enable or correct the destination"))
        elif is_databricks_id(channel):
            if channel not in existing():
                what = f"the workspace has no destination with the Databricks id {channel!r}"
                found.append(_finding(rule, what, "name one that is there, or a row"))
        elif not is_address(channel):
            near = difflib.get_close_matches(channel, destinations, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            what = f"{channel!r} is no destination_id and no e-mail address{hint}"
            found.append(_finding(rule, what, "name a row of notification_destinations"))
    return found


def _finding(rule: Rule, what: str, remedy: str) -> Finding:
    return Finding(
        key=rule.alert_id,
        check="channels",
        what=what,
        where="notification_channels",
        remedy=remedy,
    )
