"""Destinations whose secrets are missing: those that wait, and those that are invalid for it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

from databricks_alerts.destinations.stand_ins import StandIns, Waiting
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.validation.secrets import Problem, secret_finding


def wait_for_secrets(
    snapshot: Snapshot,
    broken: Sequence[Finding],
    missing: Mapping[str, Sequence[Problem]],
    existing: Callable[[], Container[str | None]],
    deployer: Callable[[], str],
) -> tuple[list[Waiting], list[Finding]]:
    """Who waits, and findings of those for whom nobody can stand in.

    `broken` is what is wrong with destinations beside their secrets, `missing` what is wrong with
    these. A destination with a stand_in that an earlier run deployed waits as it is.
    """
    wrong = {finding.key for finding in broken}
    absent = {*wrong, *missing, *(row.key for row in snapshot.invalid_destinations)}
    absent |= {item.destination_id for item in snapshot.destinations if not item.is_enabled}
    stand_ins = StandIns(snapshot.destinations, absent, deployer)
    waiting: list[Waiting] = []
    found: list[Finding] = []
    for row in snapshot.destinations:
        key, problems = row.destination_id, missing.get(row.destination_id, ())
        if not problems:
            continue
        there = bool(row.stand_in) and row.databricks_destination_id in existing()
        channels = () if there else stand_ins.of(key)
        if key in wrong or not (there or channels):
            found += [secret_finding(key, problem) for problem in problems]
        else:
            waiting.append(_waiting(row, problems, channels))
    return waiting, found


def _waiting(row: Destination, problems: Sequence[Problem], channels: tuple[str, ...]) -> Waiting:
    found = [secret_finding(row.destination_id, problem) for problem in problems]
    return Waiting(
        key=row.destination_id,
        reasons=tuple(item.what for item in found),
        remedies=tuple(
            remedy
            for item, problem in zip(found, problems, strict=True)
            for remedy in (problem.commands or (item.remedy,))
        ),
        channels=channels,
    )
