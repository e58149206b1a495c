"""What a policy sees and says.

A policy is a small function over the whole change; `@policy` gives it a name, a level and the
options that policies.yaml may set:

    @policy("no-friday-alerts", level="advisory", day=6)
    def no_friday_alerts(change: Change, options: Options) -> Iterator[Problem]:
        for view in change.rules:
            if view.rule.schedule_cron.endswith(f"? * {options['day']}"):
                yield Problem(view.key, "it runs on Fridays", "choose another day")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.gate.model import Cost, Drifted, StepChange
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.validation.fingerprint import Schemas

Setting = Literal["advisory", "mandatory", "off"]
Options = Mapping[str, Any]


@dataclass(frozen=True)
class RuleView:
    """An enabled rule that is valid as a row, with its rendered query."""

    rule: Rule
    query: str

    @property
    def key(self) -> str:
        """Its alert_id."""
        return self.rule.alert_id

    @cached_property
    def tree(self) -> exp.Expression | None:
        """The query's syntax tree, None where sqlglot cannot parse it."""
        try:
            parsed = sqlglot.parse_one(self.query, read="databricks")
        except (SqlglotError, RecursionError):
            return None
        return parsed if isinstance(parsed, exp.Expression) else None


@dataclass(frozen=True)
class Change:
    """What is about to be deployed, and what is known around it.

    `table_bytes(path)` is the size of a table by its dotted name, None where it cannot be told.
    `seen` maps alert_id to the least and greatest value that its evaluations had, `samples` to how
    many evaluations had one (left out: enough).
    """

    rules: tuple[RuleView, ...]
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    steps: tuple[StepChange, ...] = ()
    drift: tuple[Drifted, ...] = ()
    cost: Cost = field(default_factory=Cost)
    labels: frozenset[str] = frozenset()
    schemas: Schemas = field(default_factory=Schemas)
    table_bytes: Callable[[str], int | None] = lambda _: None
    seen: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)

    def steps_of(self, key: str) -> list[StepChange]:
        """The steps on a rule's alert."""
        return [step for step in self.steps if step.kind == "AlertV2" and step.key == key]


@dataclass(frozen=True)
class Problem:
    """What breaks a policy: the rule (empty: the change as a whole), what, and what to do."""

    key: str
    what: str
    remedy: str


Check = Callable[[Change, Options], Iterable[Problem]]


@dataclass(frozen=True)
class Policy:
    """A policy with its level unless policies.yaml says another, and its options."""

    name: str
    level: Setting
    check: Check
    options: Options
    about: str


def policy(name: str, *, level: Setting = "advisory", **options: Any) -> Callable[[Check], Policy]:
    """Make a function a policy; its docstring says what it is about."""

    def made(check: Check) -> Policy:
        return Policy(name, level, check, options, (check.__doc__ or "").strip())

    return made
