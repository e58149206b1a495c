"""The decisions of a deployment: hold, skip, adopt, guards; and what settings and targets take."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from databricks_alerts.deployed import Deployed, Stray, Versions
from databricks_alerts.destinations.secrets import SecretResolver
from databricks_alerts.destinations.targets import configuration
from databricks_alerts.errors import ConfigurationError, GuardError
from databricks_alerts.outcome.record import Outcome, RowOutcome
from databricks_alerts.plan.decisions import Declared, decide_alerts, decide_destinations
from databricks_alerts.plan.guards import (
    delete_limit,
    guard_deletes,
    guard_quota,
    guard_state,
    guard_version,
)
from databricks_alerts.plan.ownership import Candidate
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.settings import Settings
from databricks_alerts.workspace_view.inventory import (
    ExistingAlert,
    ExistingDestination,
    Inventory,
    folder,
)

HOME = "/Workspace/Shared/alerts"
CONFIG = {
    "databricks-alerts:catalog": "main",
    "databricks-alerts:goldSchema": "gold",
    "databricks-alerts:warehouseId": "1",
    "databricks-alerts:parentPath": "/Shared/alerts",
}


def alert(key: str, name: str, home: str = HOME) -> ExistingAlert:
    return ExistingAlert(id=key, display_name=name, parent_path=home)


def decide(
    candidates: list[Candidate],
    alerts: list[ExistingAlert],
    deployed: dict[str, str] | None = None,
    *,
    adopt: bool = True,
    strays: tuple[Stray, ...] = (),
) -> list[Declared]:
    return decide_alerts(
        candidates,
        Inventory(alerts=tuple(alerts)),
        Deployed(alerts=deployed or {}, stray_alerts=strays),
        parent_path="/Shared/alerts/",
        adopt_existing=adopt,
    )


def test_a_new_rule_is_deployed_and_an_invalid_new_one_is_skipped() -> None:
    made = decide([Candidate("A", "a", "", True), Candidate("B", "b", "", False)], [])
    assert made == [Declared("A", "deploy"), Declared("B", "skip")]


def test_an_invalid_rule_whose_alert_lives_is_held() -> None:
    assert decide([Candidate("A", "a", "", False)], [alert("1", "x")], {"A": "1"}) == [
        Declared("A", "hold", "1")
    ]


def test_what_the_stack_manages_is_never_adopted_again() -> None:
    assert decide([Candidate("A", "a", "1", True)], [alert("1", "a")], {"A": "1"}) == [
        Declared("A", "deploy", "1", adopt=False)
    ]


def test_an_alert_is_adopted_by_its_noted_id_then_by_its_name_in_the_folder() -> None:
    alerts = [alert("1", "renamed"), alert("2", "b"), alert("3", "c", "/Workspace/Elsewhere")]
    made = decide(
        [
            Candidate("A", "a", "1", True),
            Candidate("B", "b", "", True),
            Candidate("C", "c", "", True),
        ],
        alerts,
    )
    assert [(item.existing, item.adopt) for item in made] == [
        ("1", True),
        ("2", True),
        ("", False),
    ]
    assert decide([Candidate("A", "a", "1", True)], alerts, adopt=False)[0].existing == ""
    assert decide([Candidate("B", "b", "", True)], alerts, adopt=False)[0].existing == ""


def test_a_trashed_alert_belongs_to_nobody_and_is_deployed_again() -> None:
    [made] = decide([Candidate("A", "a", "1", True)], [], {"A": "1"})
    assert made == Declared("A", "deploy", replaces="1")


def test_what_a_deployment_replaced_is_named_by_every_later_one() -> None:
    """Another trigger, or none, would have the engine replace the alert once more."""
    rules, now = [Candidate("A", "a", "2", True)], Inventory(alerts=(alert("2", "a"),))

    def decided(deployed: Deployed) -> list[Declared]:
        return decide_alerts(rules, now, deployed, parent_path=HOME, adopt_existing=True)

    assert decided(Deployed({"A": "2"}, replaced={"A": "1"})) == [
        Declared("A", "deploy", "2", replaces="1")
    ]
    # The run that replaced it ended before its outputs were kept: state has 2, the outputs have 1.
    assert decided(Deployed({"A": "1"})) == [Declared("A", "deploy", "2", adopt=True, replaces="1")]


def test_a_name_that_another_rule_holds_is_not_taken() -> None:
    made = decide(
        [Candidate("A", "x", "1", True), Candidate("B", "a", "", True)],
        [alert("1", "a")],
        {"A": "1"},
    )
    assert made[1] == Declared("B", "deploy", after="A")


def test_a_rule_whose_key_changed_keeps_its_alert() -> None:
    made = decide([Candidate("NEW", "a", "1", True)], [alert("1", "a")], {"OLD": "1"})
    assert made == [Declared("NEW", "deploy", "1", former_key="OLD")]


def test_a_row_inserted_in_the_place_of_one_that_is_gone_takes_its_alert_by_name() -> None:
    for adopt in (True, False):  # it is the stack's own already
        made = decide(
            [Candidate("M-2", "a", "", True)], [alert("1", "a")], {"M-1": "1"}, adopt=adopt
        )
        assert made == [Declared("M-2", "deploy", "1", former_key="M-1")]


def test_a_copied_row_does_not_take_the_alert_of_the_row_it_was_copied_from() -> None:
    rules = [Candidate("A", "a", "1", True), Candidate("COPY", "copy", "1", True)]
    for deployed in ({"A": "1"}, {}):
        made = decide(rules, [alert("1", "a")], deployed)
        assert [item.existing for item in made] == ["1", ""]
    first = [Candidate("A", "copy", "1", True), Candidate("B", "b", "1", True)]
    assert [item.existing for item in decide(first, [alert("1", "b")])] == ["", "1"]


def test_keys_that_move_in_a_chain_lose_no_alert() -> None:
    """A → B, B → C: the state knows A and B; B keeps what it has, C gets what A had."""
    made = decide(
        [Candidate("B", "a", "1", True), Candidate("C", "b", "2", True)],
        [alert("1", "a"), alert("2", "b")],
        {"A": "1", "B": "2"},
    )
    assert [(item.key, item.existing, item.former_key) for item in made] == [
        ("B", "2", ""),
        ("C", "1", "A"),
    ]
    assert {item.after for item in made} | {item.frees for item in made} > {""}


def test_keys_that_swap_swap_what_their_alerts_say() -> None:
    made = decide(
        [Candidate("A", "b", "2", True), Candidate("B", "a", "1", True)],
        [alert("1", "a"), alert("2", "b")],
        {"A": "1", "B": "2"},
    )
    assert [(item.key, item.existing) for item in made] == [("A", "1"), ("B", "2")]
    assert (made[0].frees, made[1].after) == ("2", "A")


def test_an_alert_that_the_state_holds_elsewhere_is_renamed_never_imported_again() -> None:
    stray = Stray("urn:pulumi:s::p::databricks:index/alertV2:AlertV2::by-hand", "by-hand", "1")
    for rule in (Candidate("A", "x", "1", True), Candidate("A", "a", "", True)):
        made = decide([rule], [alert("1", "a")], strays=(stray,))
        assert made == [Declared("A", "deploy", "1", former_urn=stray.urn)]


def test_a_name_goes_to_a_rule_after_the_rule_that_gives_it_up() -> None:
    alerts = [alert("1", "a"), alert("2", "b")]
    made = decide(
        [Candidate("A", "b", "1", True), Candidate("B", "c", "2", True)],
        alerts,
        {"A": "1", "B": "2"},
    )
    assert [item.after for item in made] == ["B", ""]


def test_a_name_of_an_alert_that_goes_is_freed_first() -> None:
    made = decide(
        [Candidate("A", "b", "1", True)],
        [alert("1", "a"), alert("2", "b")],
        {"A": "1", "B": "2"},
    )
    assert made == [Declared("A", "deploy", "1", frees="2")]


def test_a_name_that_a_held_rule_keeps_blocks_who_wants_it_and_who_waits_for_that_one() -> None:
    alerts = [alert("1", "a"), alert("2", "b"), alert("3", "c")]
    made = decide(
        [
            Candidate("A", "z", "1", False),
            Candidate("B", "a", "2", True),
            Candidate("C", "b", "3", True),
            Candidate("NEW", "c", "", True),
        ],
        alerts,
        {"A": "1", "B": "2", "C": "3"},
    )
    assert [item.decision for item in made] == ["hold", "hold", "hold", "skip"]
    assert "still that of A, which is held" in made[1].blocked
    assert "still that of B" in made[2].blocked


def test_a_state_that_holds_an_alert_twice_is_refused() -> None:
    with pytest.raises(GuardError, match="pulumi state delete"):
        guard_state(Deployed(twice=("1",)))
    guard_state(Deployed())


def test_a_destination_is_adopted_by_name_only_with_its_type() -> None:
    inventory = Inventory(
        destinations=(ExistingDestination(id="1", display_name="s", type="SLACK"),)
    )
    for kind, existing in (("SLACK", "1"), ("EMAIL", "")):
        (made,) = decide_destinations(
            [Candidate("d", "s", "", True)], {"d": kind}, inventory, Deployed(), adopt_existing=True
        )
        assert made.existing == existing


@pytest.mark.parametrize(
    ("deployed", "setting", "limit"),
    [(10, None, 5), (100, None, 20), (29, None, 5), (10, 0, 0), (10, 0.5, 5), (10, 7, 7)],
)
def test_the_delete_limit(deployed: int, setting: float | None, limit: int) -> None:
    assert delete_limit(deployed, setting) == limit


def test_more_deletes_than_allowed_are_refused_with_the_way_to_allow_them() -> None:
    deployed = {f"R-{number:02}": str(number) for number in range(29)}
    assert guard_deletes(list(deployed)[:24], deployed, rows=24, max_deletes=None) == [
        f"R-{number}" for number in range(24, 29)
    ]
    with pytest.raises(GuardError, match=r"6 of 29.*maxDeletes to 6"):
        guard_deletes(list(deployed)[:23], deployed, rows=23, max_deletes=None)


def test_an_empty_table_is_refused_whatever_is_allowed() -> None:
    with pytest.raises(GuardError, match="is empty"):
        guard_deletes([], {"A": "1"}, rows=0, max_deletes=100)
    assert guard_deletes([], {}, rows=0, max_deletes=None) == []


def test_an_older_version_is_refused_unless_pinned() -> None:
    with pytest.raises(GuardError, match=r"version 3.*version 7"):
        guard_version(3, Deployed(versions=Versions(7, 0)), pinned=False)
    guard_version(3, Deployed(versions=Versions(7, 0)), pinned=True)
    guard_version(7, Deployed(versions=Versions(7, 0)), pinned=False)
    guard_version(0, Deployed(), pinned=False)


def test_the_quota_warns_from_90_percent_and_refuses_what_cannot_fit() -> None:
    full = Inventory(alerts=tuple(alert(str(number), str(number)) for number in range(995)))
    new = [Declared(str(number), "deploy") for number in range(5)]
    assert "1000" in (guard_quota(new, full) or "")
    with pytest.raises(GuardError, match="6 new alerts do not fit"):
        guard_quota([*new, Declared("x", "deploy")], full)
    assert guard_quota(new, Inventory()) is None


def test_what_was_trashed_lately_counts_for_the_warning_only() -> None:
    half = Inventory(alerts=tuple(alert(str(number), str(number)) for number in range(600)))
    new = [Declared(str(number), "deploy") for number in range(5)]
    assert guard_quota(new, half) is None
    warning = guard_quota(new, half, trashed=500) or ""
    assert "605 alerts of at most 1000, and 500 that were deleted in the last 30 days" in warning
    assert "purgeOnDelete" in warning


def test_a_folder_has_one_spelling() -> None:
    assert folder("/Shared/a/") == folder("/Workspace/Shared/a") == "/Workspace/Shared/a"


def test_settings_name_every_problem_at_once() -> None:
    wrong = {**CONFIG, "databricks-alerts:catalgo": "x", "databricks-alerts:maxDeletes": "-1"}
    del wrong["databricks-alerts:catalog"]
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config(wrong, "dev")
    text = str(caught.value)
    assert "Pulumi.dev.yaml" in text
    assert "databricks-alerts:catalog is missing" in text
    assert "did you mean catalog?" in text
    assert "databricks-alerts:maxDeletes is '-1'" in text


def test_max_deletes_is_a_count_or_a_share() -> None:
    def limit(text: str) -> float | int | None:
        return Settings.from_config(
            {**CONFIG, "databricks-alerts:maxDeletes": text}, "x"
        ).max_deletes

    assert limit("3") == 3
    assert limit("25%") == 0.25
    assert delete_limit(10, limit("100%")) >= 9


def destination(kind: str, config: str | None) -> Destination:
    return Destination(
        destination_id="d",
        destination_name="d",
        destination_type=kind,  # type: ignore[arg-type]
        config_json=config,
        owner="o",
        is_enabled=True,
        created_by="c",
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize(
    ("kind", "config", "said"),
    [
        ("SLACK", '{"url": "{{secrets/a/b}}"}', None),
        ("SLACK", "{", "not JSON"),
        ("SLACK", "[]", "not a JSON object"),
        ("SLACK", '{"ulr": "x"}', "'ulr' is no setting"),
        ("SLACK", "{}", "SLACK needs url, or channel_id and oauth_token"),
        ("EMAIL", '{"addresses": "a@b.co"}', "addresses must be a list"),
        ("WEBHOOK", '{"url": "https://x/{{secret/a}}"}', "is no reference"),
        ("PAGERDUTY", None, "PAGERDUTY needs integration_key"),
    ],
)
def test_a_destinations_settings_are_checked(
    kind: str, config: str | None, said: str | None
) -> None:
    _, found = configuration(destination(kind, config))
    text = " ".join(finding.what for finding in found)
    assert (said in text) if said else found == []


def test_references_become_values_and_errors_name_references_only() -> None:
    reads: list[tuple[str, str]] = []

    def read(scope: str, key: str) -> str:
        reads.append((scope, key))
        return "s3cret"

    resolver = SecretResolver({"databricks-alerts-secrets:hook": "h00k"}, read)
    assert resolver.resolve("https://x/{{secrets/a/b}}/{{config/hook}}") == "https://x/s3cret/h00k"
    assert resolver.resolve(["{{secrets/a/b}}", 3]) == ["s3cret", 3]
    assert reads == [("a", "b")]
    with pytest.raises(ConfigurationError, match="databricks-alerts-secrets:none") as caught:
        resolver.resolve("{{config/none}}")
    assert "h00k" not in str(caught.value)


def outcome(*rows: tuple[Any, str | None]) -> Outcome:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Outcome(
        run_id="r",
        stack="s",
        engine="e",
        started_at=moment,
        ended_at=moment,
        config_version=1,
        alerts=tuple(
            RowOutcome(key=str(number), action=action, error=error)
            for number, (action, error) in enumerate(rows)
        ),
        destinations=(),
    )


def test_the_success_rate_counts_changes_only() -> None:
    mixed = outcome(("CREATED", None), ("CREATED", "429"), ("UNCHANGED", None), ("HELD", "bad"))
    assert mixed.success_rate == 0.5
    assert [item.key for item in mixed.failures] == ["1"]
    assert outcome(("UNCHANGED", None), ("SKIPPED", "bad")).success_rate == 1.0
