"""Whether an alert's permissions are still the list that the roles make: one request an alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from databricks_alerts.errors import WorkspaceError
from databricks_alerts.rules.access import Level, Principal, Roles, alert_levels
from databricks_alerts.workspace_view.inventory import get

if TYPE_CHECKING:
    from databricks.sdk.core import Config

_KINDS = ("user_name", "group_name", "service_principal_name")
_ADMINS = "admins"


def changed_permissions(
    config: Config, alerts: Mapping[str, str], roles: Roles, *, me: str, workers: int
) -> set[str]:
    """The alert_ids whose alerts' permissions were changed outside.

    `alerts` maps alert_id to its alert's Databricks id, `me` is the name of the identity in use.
    Without permissions in the stack configuration nobody's are looked at. Raises
    AuthenticationError or WorkspaceError.
    """
    wanted = alert_levels(roles)
    if not wanted or not alerts:
        return set()

    def look(item: tuple[str, str]) -> str | None:
        key, alert = item
        answer = get(config, f"/api/2.0/permissions/alertsv2/{alert}")
        return key if differ(answer, wanted, me) else None

    with ThreadPoolExecutor(max(1, min(workers, len(alerts)))) as pool:
        return {key for key in pool.map(look, alerts.items()) if key is not None}


def differ(answer: Mapping[str, Any], wanted: Iterable[tuple[Principal, Level]], me: str) -> bool:
    """Whether an answer of the Permissions API is another list than the wanted one. Pure.

    As in Databricks' provider, neither what is inherited, what admins have, nor the deployer's
    own rights count.
    """
    names = {(who.kind, who.name.lower()): level for who, level in wanted}
    found = dict(_direct(answer))
    for mine in [item for item in found if item[1] == me.lower() and item not in names]:
        del found[mine]
    return found != names


def _direct(answer: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for item in answer.get("access_control_list", []):
        kind = next((name for name in _KINDS if item.get(name)), None)
        if kind is None:
            raise WorkspaceError(f"an entry of the Permissions API names nobody: {item}")
        name = str(item[kind]).lower()
        levels = [p for p in item.get("all_permissions", []) if not p.get("inherited")]
        if levels and not (kind == "group_name" and name == _ADMINS):
            yield (kind, name), str(levels[0].get("permission_level"))
