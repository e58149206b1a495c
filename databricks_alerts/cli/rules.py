"""The rule that somebody names on the command line."""

from __future__ import annotations

import typer

from databricks_alerts.cli.findings import print_findings
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.listing import nearest
from databricks_alerts.rules.rows import Rule
from databricks_alerts.snapshot import Snapshot


def find_rule(snapshot: Snapshot, key: str) -> Rule:
    """The rule; of a row that is none, what is wrong. Raises ConfigurationError for no row."""
    for rule in snapshot.rules:
        if rule.alert_id == key:
            return rule
    if any(item.key == key for item in snapshot.invalid_rules):
        print_findings([item for item in snapshot.findings if item.key == key])
        raise typer.Exit(1)
    known = [rule.alert_id for rule in snapshot.rules]
    known += [item.key for item in snapshot.invalid_rules]
    hint = nearest(key, known, "`alerts status` lists them")
    raise ConfigurationError(f"there is no rule {key!r}; {hint}")
