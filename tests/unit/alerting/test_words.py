"""Domains and addresses: what is one, everywhere alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.destinations.targets import KINDS, configuration
from databricks_alerts.packs.authored import PackDestination, RuleFile
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.words import domain, is_address

CREATED = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["COST", "FINOPS", "data-platform", " Growth & ads ", "数据", "x"])
def test_any_word_is_a_domain(text: str) -> None:
    assert domain(text) == text.strip()
    assert RuleFile(domain=text, rules=()).domain == text.strip()


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200b", "a\nb", "a\x00b", "a\u2028b"])
def test_what_is_blank_or_breaks_a_line_is_no_domain(text: str) -> None:
    with pytest.raises(ValueError, match="agent_domain is"):
        domain(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a@b.co", True),
        ("first.last+tag@mail.example-site.org", True),
        ("ada@bücher.example", True),
        ("a@b.c.", False),
        ("a@.b.c", False),
        ("a@b..c", False),
        ("a@b", False),
        ("a@-b.c", False),
        ("a@b-.c", False),
        ("@b.c", False),
        ("a b@c.d", False),
        ("a@b@c.d", False),
        ("Ada <a@b.co>", False),
        ("a@b.co,c@d.co", False),
    ],
)
def test_an_address_is_one_for_channels_packs_and_destinations(text: str, wanted: bool) -> None:
    assert is_address(text) is wanted
    assert (configured("EMAIL", {"addresses": [text]}) == []) is wanted


def configured(kind: str, config: dict[str, object]) -> list[Finding]:
    import json

    row = Destination.model_validate_json(
        json.dumps(
            {
                **{"destination_id": "d", "destination_name": "D", "destination_type": kind},
                **{"config_json": json.dumps(config), "owner": "me", "is_enabled": True},
                **{"created_by": "me", "created_at": CREATED},
            }
        )
    )
    return configuration(row)[1]


KEYS = sorted({key for kind in KINDS.values() for key in kind.keys} | {"nonsense"})


@given(st.sampled_from(sorted(KINDS)), st.sets(st.sampled_from(KEYS)))
def test_a_pack_takes_the_destinations_that_a_row_takes(kind: str, keys: set[str]) -> None:
    config: dict[str, object] = {
        key: ["a@b.co"] if key == "addresses" else "value" for key in sorted(keys)
    }
    in_row = not configured(kind, config)
    try:
        PackDestination.model_validate(
            {"id": "d", "name": "D", "type": kind, "owner": "me", "config": config}
        )
        in_pack = True
    except ValueError:
        in_pack = False
    assert in_pack is in_row


def test_slack_by_token_is_taken_by_both() -> None:
    config: dict[str, object] = {"oauth_token": "{{config/slack}}", "channel_id": "C1"}
    assert configured("SLACK", config) == []
    PackDestination.model_validate(
        {"id": "s", "name": "S", "type": "SLACK", "owner": "me", "config": config}
    )
