"""The gate's policies as Pulumi's analyzer calls them: over resources, not rows.

pulumi-policy cannot stand in one environment with the program (it wants protobuf 5), so its classes
are stood in for by plain records of the same shape.
"""

from __future__ import annotations

import enum
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from databricks_alerts.policies.configuration import BUILT_IN
from databricks_alerts.policies.from_resources import (
    ALERT,
    DESTINATION,
    OF_ONE_ALERT,
    OF_THE_STACK,
    destination,
    rule_view,
)

FOLDER = Path(__file__).parents[2] / "policy-pack"


class Level(enum.Enum):
    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    DISABLED = "disabled"


class Policy:
    """Stands for both of pulumi_policy's classes."""

    def __init__(
        self, name: str, description: str, validate: Any, *, enforcement_level: Level
    ) -> None:
        self.name, self.description, self.validate = name, description, validate
        self.enforcement_level = enforcement_level

    def __call__(self, **args: Any) -> list[tuple[str, str | None]]:
        told: list[tuple[str, str | None]] = []
        self.validate(SimpleNamespace(**args), lambda message, urn: told.append((message, urn)))
        return told


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> dict[str, Policy]:
    made: dict[str, Policy] = {}

    def policy_pack(name: str, policies: list[Policy]) -> None:
        made.update({policy.name: policy for policy in policies})

    module = ModuleType("pulumi_policy")
    for name in ("PolicyResource", "ReportViolation", "ResourceValidationArgs"):
        setattr(module, name, object)
    vars(module).update(
        EnforcementLevel=Level,
        PolicyPack=policy_pack,
        ResourceValidationPolicy=Policy,
        StackValidationPolicy=Policy,
        StackValidationArgs=object,
    )
    monkeypatch.setitem(sys.modules, "pulumi_policy", module)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PULUMI_STACK", "local")
    runpy.run_path(str(FOLDER / "__main__.py"), run_name="__main__")
    return made


def alert(
    query: str = "SELECT a FROM t", severity: str = "CRITICAL", cron: str = "0 0 8 * * ?"
) -> dict[str, Any]:
    return {
        "displayName": f"[{severity}] A name",
        "queryText": query,
        "evaluation": {"notification": {"subscriptions": [{"userEmail": "a@b.example"}]}},
        "schedule": {"quartzCronSchedule": cron, "timezoneId": "UTC"},
    }


def resource(kind: str, name: str, props: dict[str, Any], *needs: Any) -> SimpleNamespace:
    return SimpleNamespace(
        resource_type=kind,
        name=name,
        urn=f"urn:{name}",
        props=props,
        dependencies=[],
        property_dependencies={"evaluation": list(needs)},
    )


def test_the_pack_has_the_gates_policies_at_the_gates_levels(pack: dict[str, Policy]) -> None:
    assert set(pack) == OF_ONE_ALERT | OF_THE_STACK
    levels = {item.name: item.level for item in BUILT_IN}
    for name, policy in pack.items():
        assert policy.enforcement_level.value == levels[name]
        assert policy.description


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("no-select-star", alert(query="SELECT * FROM t")),
        ("no-cross-join", alert(query="SELECT a FROM t, u")),
        ("schedule-interval", alert(cron="0/10 * * * * ?")),
    ],
)
def test_a_policy_of_one_alert_sees_its_properties(
    pack: dict[str, Policy], name: str, properties: dict[str, Any]
) -> None:
    assert pack[name](resource_type=ALERT, name="A", props=alert()) == []
    assert pack[name](resource_type=DESTINATION, name="A", props=properties) == []
    (told,) = pack[name](resource_type=ALERT, name="A", props=properties)
    assert told[0]


@pytest.mark.parametrize(
    ("block", "broken"), [("email", True), ("slack", False), ("genericWebhook", False)]
)
def test_who_is_told_is_known_before_ids_are(
    pack: dict[str, Policy], block: str, broken: bool
) -> None:
    target = resource(DESTINATION, "target", {"config": {block: {"url": "…"}}})
    subject = resource(ALERT, "COST-001", alert(), target)
    told = pack["critical-has-pager"](resources=[target, subject])
    assert [urn for _, urn in told] == (["urn:COST-001"] if broken else [])


def test_only_critical_alerts_need_a_pager(pack: dict[str, Policy]) -> None:
    check: Callable[..., Any] = pack["critical-has-pager"]
    assert check(resources=[resource(ALERT, "A", alert(severity="INFO"))]) == []
    assert len(check(resources=[resource(ALERT, "A", alert())])) == 1


def test_an_alert_of_another_kind_of_name_is_still_a_rule() -> None:
    view = rule_view("A", {"displayName": "by hand", "queryText": "SELECT 1 AS a"})
    assert (view.rule.severity, view.rule.alert_name, view.key) == ("", "by hand", "A")
    assert destination("d", {"config": {"microsoftTeams": {}}}).destination_type == "TEAMS"


def test_what_the_pack_installs_is_what_the_program_pins() -> None:
    """One version of each library, whichever way the policies run."""
    root = FOLDER.parent
    pinned = {
        line.split("==")[0]: line.split("#")[0].strip()
        for line in (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    for line in (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name = line.split("==")[0]
        assert not line or line.startswith(("#", "pulumi-policy")) or pinned[name] == line
    settings = YAML(typ="safe").load((FOLDER / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert settings["runtime"]["name"] == "python"
