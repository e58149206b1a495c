"""Each recipient is notified once, whatever names a row gives it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.destinations.recipients import each_once
from databricks_alerts.rules.rows import Destination

UUID = "9e1c0aa8-56d5-4c5b-8a3e-0d1b5d6c7e8f"


def row(key: str, kind: str = "WEBHOOK", **changes: Any) -> Destination:
    return Destination.model_construct(
        **{
            **{"destination_id": key, "destination_name": key, "destination_type": kind},
            **{"databricks_destination_id": None, "config_json": None, "is_enabled": True},
            **{"created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), **changes},
        }
    )


MAIL = row("mail", "EMAIL", config_json=json.dumps({"addresses": ["Ops@b.co"]}))
HOOK = row("hook", databricks_destination_id=UUID)
ROWS = (MAIL, HOOK, row("other"))


def test_two_names_of_one_recipient_are_one() -> None:
    assert each_once(["other", "other"], ROWS) == ("other",)
    assert each_once(["a@b.co", " A@B.co "], ROWS) == ("a@b.co",)
    assert each_once(["ops@B.CO", "mail"], ROWS) == ("mail",)
    assert each_once(["hook", UUID], ROWS) == ("hook",)
    assert each_once([UUID, "hook"], ROWS) == (UUID,)
    assert each_once([" other "], ROWS) == ("other",)


def test_other_recipients_stay() -> None:
    assert each_once(["ops@b.co", "hook"], ROWS) == ("ops@b.co", "hook")
    assert each_once(["a+x@b.co", "a@b.co"], ROWS) == ("a+x@b.co", "a@b.co")
    assert each_once(["nobody", "mail"], ROWS) == ("nobody", "mail")


NAMES = ("mail", "hook", "other", UUID, "a@b.co", "A@b.co", " a@b.co", "ops@b.co", "c@d.co")


def recipient(channel: str) -> str:
    text = channel.strip().lower()
    return {"ops@b.co": "mail", UUID: "hook"}.get(text, text)


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_nobody_is_notified_twice_and_nobody_is_left_out(channels: list[str]) -> None:
    kept = each_once(channels, ROWS)
    named = {recipient(channel) for channel in channels}
    if "mail" not in channels:  # then the address is notified by itself
        assert ("ops@b.co" in kept) is ("ops@b.co" in channels)
    assert {recipient(channel) for channel in kept} == named
    assert len(kept) == len(named)
    assert each_once(kept, ROWS) == kept
