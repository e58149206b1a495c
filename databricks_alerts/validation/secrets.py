"""Whether the secrets that destinations refer to are there and may be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from databricks_alerts.destinations.targets import references
from databricks_alerts.errors import ConfigurationError, SecretError
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.tables import DESTINATIONS

LookUp = Callable[[str], object]
Problem = ConfigurationError | SecretError
_AT_ONCE = 10


def missing_secrets(
    destinations: Sequence[Destination], look_up: LookUp
) -> dict[str, list[Problem]]:
    """What is wrong with references of enabled destinations that stand for nothing readable.

    By destination_id. `look_up` takes what stands between the braces. Each reference is looked up
    once, several at a time. Trouble that is not the row's raises WorkspaceError: nothing is then
    known of the rest.
    """
    wanted = {item.destination_id: references(item) for item in destinations if item.is_enabled}
    every = sorted({reference for listed in wanted.values() for reference in listed})
    if not every:
        return {}
    with ThreadPoolExecutor(min(_AT_ONCE, len(every)), thread_name_prefix="secrets") as pool:
        wrong = dict(zip(every, pool.map(lambda item: _problem(item, look_up), every), strict=True))
    found: dict[str, list[Problem]] = {}
    for key, listed in wanted.items():
        for reference in listed:
            if (problem := wrong[reference]) is not None:
                found.setdefault(key, []).append(problem)
    return found


def _problem(reference: str, look_up: LookUp) -> Problem | None:
    try:
        look_up(reference)
    except (ConfigurationError, SecretError) as error:
        return error
    return None


def secret_finding(key: str, problem: Problem) -> Finding:
    """The finding of a destination whose secret is missing and for which nobody stands in."""
    what, _, remedy = str(problem).partition("; ")
    return Finding(
        key=key,
        check="secret",
        what=what,
        where=f"{DESTINATIONS}.config_json",
        remedy=remedy or f"correct config_json of {key!r}",
    )
