"""Everything that a gate found out, in one document that every report is made from."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from databricks_alerts.rules.findings import Finding

Verdict = Literal["pass", "blocked", "unknown"]
Level = Literal["advisory", "mandatory"]
ALERT = "AlertV2"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Place(_Model):
    """A file of the checkout, `line` from 1."""

    file: str
    line: int = 1


class PropertyChange(_Model):
    """One property path; None on the side where there is no value. Secrets read `[secret]`."""

    path: str
    old: str | None = None
    new: str | None = None


class StepChange(_Model):
    """One step that does something: `op` is Pulumi's word, `kind` the resource type's last part."""

    op: str
    kind: str
    key: str
    changes: tuple[PropertyChange, ...] = ()


class Violation(_Model):
    """A policy that a rule, or the change as a whole (`key` empty), breaks."""

    policy: str
    level: Level
    key: str
    what: str
    remedy: str


class Drifted(_Model):
    """A resource that was changed or removed outside since it was deployed."""

    kind: str
    key: str
    what: Literal["changed", "deleted"]
    changes: tuple[PropertyChange, ...] = ()


class RuleCost(_Model):
    """A rule's evaluations: a day, seconds of one (None: never measured), DBU a day."""

    key: str
    evaluations_per_day: float
    seconds: float | None = None
    dbu_per_day: float | None = None
    paused: bool = False


class Cost(_Model):
    """All rules' estimate for running them alone; `before` is that of what is deployed."""

    rules: tuple[RuleCost, ...] = ()
    dbu_per_hour: float | None = None
    dbu_per_day: float | None = None
    evaluations_per_day: float = 0.0
    evaluations_before: float | None = None
    unmeasured: int = 0


class Quota(_Model):
    """Places for alerts in the workspace."""

    used: int
    new: int
    limit: int


class GateReport(_Model):
    """What `alerts gate` answers. `reasons` say why it is not a pass, in a sentence each.

    `refusals` are those among them that no finding and no violation tells: the guards'.
    """

    stack: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    generated_at: dt.datetime
    catalog: str = ""
    gold_schema: str = ""
    config_version: int | None = None
    destinations_version: int | None = None
    rules: int = 0
    steps: tuple[StepChange, ...] = ()
    unchanged: int = 0
    findings: tuple[Finding, ...] = ()
    violations: tuple[Violation, ...] = ()
    drift: tuple[Drifted, ...] = ()
    cost: Cost = Cost()
    quota: Quota | None = None
    warnings: tuple[str, ...] = ()
    places: dict[str, Place] = {}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def counts(self) -> dict[str, int]:
        """Steps by kind of operation."""
        found: dict[str, int] = {}
        for step in self.steps:
            found[step.op] = found.get(step.op, 0) + 1
        return dict(sorted(found.items()))

    @property
    def exit_status(self) -> int:
        """0 pass, 1 blocked, 2 could not tell."""
        return {"pass": 0, "blocked": 1, "unknown": 2}[self.verdict]
