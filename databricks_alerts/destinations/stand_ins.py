"""Who is notified while a destination waits for its secrets: the row's `stand_in`.

A pack's destinations want secrets that a workspace which never saw it does not have. With a
stand-in, the rules that name such a destination are deployed all the same: they notify the
stand-ins until the secrets are there, and the destination from the next deployment on. Rows are
not changed by that; without a stand-in such rules are held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from pydantic import BaseModel, ConfigDict

from databricks_alerts.destinations.recipients import each_once
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.rules.tables import DESTINATIONS
from databricks_alerts.rules.words import is_address, is_databricks_id

# As a stand-in: whoever deploys, by e-mail. A row of this destination_id cannot stand in.
DEPLOYER = "deployer"


class Waiting(BaseModel):
    """A destination whose secrets are not there: why, what makes them, who is notified meanwhile.

    `channels` are the stand-ins; none if an earlier deployment made the destination, which then
    stays as it is.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    reasons: tuple[str, ...]
    remedies: tuple[str, ...]
    channels: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it is left out, and who is notified in its place, in one line."""
        instead = f"; in its place: {', '.join(self.channels)}" if self.channels else ""
        return "; ".join(self.reasons) + instead


def stand_in_findings(destinations: Sequence[Destination]) -> list[Finding]:
    """Stand-ins of enabled destinations that are nobody."""
    known = {item.destination_id for item in destinations}
    return [
        Finding(
            key=item.destination_id,
            check="row",
            what=f"the stand-in {channel!r} is no destination_id, no e-mail address and not "
            f"{DEPLOYER!r}",
            where=f"{DESTINATIONS}.stand_in",
            remedy=f"correct stand_in of {item.destination_id!r}",
        )
        for item in destinations
        if item.is_enabled
        for channel in item.stand_in
        if channel != DEPLOYER
        and channel not in known
        and not is_address(channel)
        and not is_databricks_id(channel)
    ]


class StandIns:
    """Resolves stand-ins; `absent` are the destination_ids that will not be there.

    `deployer` tells who deploys; it is asked only where somebody stands in.
    """

    def __init__(
        self, destinations: Sequence[Destination], absent: Set[str], deployer: Callable[[], str]
    ) -> None:
        self._rows = {item.destination_id: item for item in destinations}
        self._absent = absent
        self._deployer = deployer

    def of(self, key: str) -> tuple[str, ...]:
        """The channels in a destination's place, those that will be there; each once."""
        found = dict.fromkeys(self._resolved(key, frozenset({key})))
        return each_once(found, tuple(self._rows.values()))

    def _resolved(self, key: str, seen: Set[str]) -> Iterable[str]:
        for channel in self._rows[key].stand_in:
            if channel == DEPLOYER:
                name = self._deployer()
                if is_address(name):  # a service principal's is none
                    yield name
            elif channel not in self._absent:
                yield channel
            elif channel in self._rows and channel not in seen:
                yield from self._resolved(channel, {*seen, channel})


def with_stand_ins(
    rules: Iterable[Rule],
    stand_ins: Mapping[str, tuple[str, ...]],
    destinations: Sequence[Destination],
) -> tuple[Rule, ...]:
    """The rules as they are deployed: stand-ins in place of the destinations that they stand for.

    Each recipient once, as `each_once` has it.
    """
    return tuple(_replaced(rule, stand_ins, destinations) for rule in rules)


def _replaced(
    rule: Rule, stand_ins: Mapping[str, tuple[str, ...]], destinations: Sequence[Destination]
) -> Rule:
    if not any(channel in stand_ins for channel in rule.notification_channels):
        return rule
    channels = [
        other
        for channel in rule.notification_channels
        for other in stand_ins.get(channel, (channel,))
    ]
    return rule.model_copy(update={"notification_channels": each_once(channels, destinations)})


def told(waiting: Sequence[Waiting]) -> str | None:
    """For people, once for all of them: who waits, who is notified instead, what to run."""
    if not waiting:
        return None
    names = ", ".join(item.key for item in waiting)
    instead = sorted({channel for item in waiting for channel in item.channels})
    remedies = dict.fromkeys(remedy for item in waiting for remedy in item.remedies)
    lines = [f"left out until their secrets are there: {names}"]
    if instead:
        lines.append(f"Notified in their place: {', '.join(instead)}")
    lines.append("Make the secrets, then deploy again:")
    return "\n".join([*lines, *(f"  {remedy}" for remedy in remedies)])
