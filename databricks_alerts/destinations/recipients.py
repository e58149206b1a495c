"""Who a rule notifies, each once: two channels may be two names of one recipient.

An analyst who writes `a@b.co` beside `A@B.CO`, or beside an EMAIL destination that mails the same
person, wants one message. So the second name is left out; the row stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from databricks_alerts.destinations.targets import configuration
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.words import is_address, same_address


def each_once(channels: Iterable[str], destinations: Sequence[Destination]) -> tuple[str, ...]:
    """The channels without those that name a recipient again; the first name stays.

    One recipient are: the same channel twice, an address in two spellings, an address and an EMAIL
    destination among the channels that has it, a destination and its Databricks id. Spaces around
    a channel are dropped unless a destination_id has them.
    """
    by_key = {item.destination_id: item for item in destinations}
    named = [channel if channel in by_key else channel.strip() for channel in channels]
    mailed = {
        same_address(address)
        for channel in named
        if channel in by_key
        for address in _addresses(by_key[channel])
    }
    kept: dict[str, str] = {}
    for channel in named:
        if is_address(channel) and channel not in by_key:
            if same_address(channel) not in mailed:
                kept.setdefault(same_address(channel), channel)
        else:
            kept.setdefault(_identity(channel, by_key), channel)
    return tuple(kept.values())


def _identity(channel: str, by_key: Mapping[str, Destination]) -> str:
    """A destination's Databricks id, once it is deployed; else the channel."""
    row = by_key.get(channel)
    return (row.databricks_destination_id if row else None) or channel


def _addresses(destination: Destination) -> list[str]:
    """The addresses that an EMAIL destination mails; those behind a reference are not known."""
    if destination.destination_type != "EMAIL":
        return []
    values, found = configuration(destination)
    return [] if found else [text for text in values.get("addresses", ()) if is_address(text)]
