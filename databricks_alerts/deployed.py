"""What a stack has deployed, as the engine's state tells it.

The state is the truth: what stands in it is managed, whatever the stack's outputs say. Outputs are
for people; they are read only for what no resource remembers (versions, replacements).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALERT_TYPE = "databricks:index/alertV2:AlertV2"
DESTINATION_TYPE = "databricks:index/notificationDestination:NotificationDestination"
COMPONENT_TYPE = "databricks-alerts:index:Alerting"
_STACK_TYPE = "pulumi:pulumi:Stack"
# Where each type's outputs hold the Databricks id (the bridged provider hides the other's `id`).
_ID_FIELDS = {ALERT_TYPE: "id", DESTINATION_TYPE: "notificationDestinationId"}


@dataclass(frozen=True)
class Stray:
    """A resource that the state holds under a URN which the program would not give it.

    `pulumi import`, `state move` and the like make such. `key` is its name in the URN.
    """

    urn: str
    key: str
    id: str


@dataclass(frozen=True)
class Versions:
    """The rules and destinations of one moment: Delta versions, and digests of the contents.

    A digest is empty where nobody knows it.
    """

    config: int
    destinations: int
    config_digest: str = ""
    destinations_digest: str = ""


@dataclass(frozen=True)
class Deployed:
    """The last deployment of this stack: our ids to Databricks' ids, and the versions applied.

    `versions` is None when the stack was never deployed. `replaced` are the Databricks ids of
    alerts that were lost, or stood in another folder, and were deployed again, by our ids. `homes`
    are the folders in which the state has alerts, by our ids. `twice` are ids that two resources
    hold.
    """

    alerts: dict[str, str] = field(default_factory=dict)
    destinations: dict[str, str] = field(default_factory=dict)
    versions: Versions | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    stray_alerts: tuple[Stray, ...] = ()
    stray_destinations: tuple[Stray, ...] = ()
    twice: tuple[str, ...] = ()

    @property
    def config_version(self) -> int | None:
        """The version of alert_configurations that was applied last."""
        return None if self.versions is None else self.versions.config


def deployed_from(resources: Mapping[str, Mapping[str, Any]]) -> Deployed:
    """The last deployment, from what Pulumi's `readStackResourceOutputs` answers.

    `resources` maps each URN to `{"type": …, "outputs": …}` (pkg/backend/backend.go,
    GetStackResourceOutputs).
    """
    alerts, stray_alerts, twice_alerts = _of_type(resources, ALERT_TYPE)
    destinations, stray_destinations, twice_destinations = _of_type(resources, DESTINATION_TYPE)
    memory = _outputs(resources, COMPONENT_TYPE) or _outputs(resources, _STACK_TYPE)
    return Deployed(
        alerts=alerts,
        destinations=destinations,
        versions=_versions(memory),
        replaced=_texts(memory.get("replaced")),
        homes=_homes(resources),
        stray_alerts=stray_alerts,
        stray_destinations=stray_destinations,
        twice=(*twice_alerts, *twice_destinations),
    )


def _of_type(
    resources: Mapping[str, Mapping[str, Any]], kind: str
) -> tuple[dict[str, str], tuple[Stray, ...], tuple[str, ...]]:
    """Ids by key, strays, and the ids that stand twice."""
    placed: dict[str, str] = {}
    strays = []
    times: dict[str, int] = {}
    for urn, item in resources.items():
        identity = str((item.get("outputs") or {}).get(_ID_FIELDS[kind]) or "")
        if item.get("type") != kind or not identity:
            continue
        # A type never holds the separator, so what follows its first mention is the name.
        before, _, key = urn.partition(f"{kind}::")
        times[identity] = times.get(identity, 0) + 1
        if before.endswith(f"::{COMPONENT_TYPE}$"):
            placed[key] = identity
        else:
            strays.append(Stray(urn, key, identity))
    return placed, tuple(strays), tuple(key for key, count in times.items() if count > 1)


def _homes(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    inside = f"::{COMPONENT_TYPE}${ALERT_TYPE}::"
    alerts = {
        urn.partition(inside)[2]: (item.get("outputs") or {}).get("parentPath")
        for urn, item in resources.items()
        if inside in urn
    }
    return _texts(alerts)


def _outputs(resources: Mapping[str, Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    found = (item.get("outputs") or {} for item in resources.values() if item.get("type") == kind)
    return next(found, {})


def _versions(memory: Mapping[str, Any]) -> Versions | None:
    if memory.get("configVersion") is None:
        return None
    return Versions(
        config=int(memory["configVersion"]),
        destinations=int(memory.get("destinationsVersion") or 0),
        config_digest=str(memory.get("configDigest") or ""),
        destinations_digest=str(memory.get("destinationsDigest") or ""),
    )


def _texts(mapping: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (mapping or {}).items() if value}
