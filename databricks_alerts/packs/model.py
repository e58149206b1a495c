"""A pack that was read: rules complete, and where each was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.authored import (
    Case,
    ForEach,
    Manifest,
    Message,
    PackRule,
    Parameter,
    RuleDefaults,
    Threshold,
)
from databricks_alerts.rules.vocabulary import (
    Aggregation,
    EmptyResultState,
    NoAggregation,
    PauseStatus,
    Severity,
    TemplateFormat,
)
from databricks_alerts.rules.words import Domain


@dataclass(frozen=True)
class CompleteRule:
    """A rule with everything that its author left out; `owner` None is whoever seeds the pack."""

    id: str
    name: str
    severity: Severity
    description: str
    runbook: str
    query: str
    threshold: Threshold
    schedule: str
    channels: tuple[str, ...]
    notify_on_ok: bool
    retrigger_seconds: int
    tags: Mapping[str, str]
    owner: str | None
    time_zone: str
    aggregation: Literal[Aggregation, NoAggregation]
    empty_result_state: EmptyResultState
    pause_status: PauseStatus
    enabled: bool
    message: Message | None
    template_format: TemplateFormat | None
    parameters: tuple[Parameter, ...] | None
    warehouse_id: str | None
    folder: str | None
    run_as: str | None
    runbook_url: str | None
    tests: tuple[Case, ...]
    family: str | None = None
    """The id of the rule whose `for_each` made this one."""
    renamed_from: str | None = None
    """The id that it had before its member's key changed."""

    @property
    def member(self) -> str | None:
        """The key of the member that it was made for."""
        return self.id.partition("@")[2] if self.family else None


@dataclass(frozen=True)
class Source:
    """Where something was written: 1-based, as editors count."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class LocatedRule:
    """A complete rule with its file's domain and the place of its definition."""

    rule: CompleteRule
    domain: Domain
    source: Source
    place: Callable[[Sequence[str | int]], Source] = field(repr=False, compare=False)
    """Where something in it was written, by its path of keys."""

    @property
    def tests(self) -> tuple[Case, ...]:
        """The rule's cases."""
        return tuple(case for case in self.rule.tests if case.concerns(self.rule.member))


@dataclass(frozen=True)
class Family:
    """A rule with `for_each`; `place` says where something in it stands, by its path of keys."""

    rule: PackRule
    query: str
    layers: tuple[RuleDefaults, ...]
    domain: Domain
    for_each: ForEach
    place: Callable[[Sequence[str | int]], Source]

    @property
    def source(self) -> Source:
        """The place of the rule."""
        return self.place(())

    @property
    def tests(self) -> tuple[Case, ...]:
        """The rule's cases, as they are written for all members."""
        return self.rule.tests


@dataclass(frozen=True)
class Pack:
    """A whole pack, checked. `asked` are the families whose members a statement answers.

    Nobody knows these before a warehouse is asked (packs.asking); those that are listed stand in
    `rules`.
    """

    folder: Path
    manifest: Manifest
    rules: tuple[LocatedRule, ...]
    asked: tuple[Family, ...] = field(default=())
    families: frozenset[str] = frozenset()
    """The ids of all rules with `for_each`."""

    @property
    def name(self) -> str:
        """The pack's name."""
        return self.manifest.name

    def written(self, rule_id: str) -> LocatedRule | Family | None:
        """Where a rule was written: the rule, or the family whose member nobody asked for yet."""
        for located in self.rules:
            if located.rule.id == rule_id:
                return located
        return next((f for f in self.asked if f.rule.id == family_of(rule_id)), None)

    def chosen(self, rule_id: str) -> list[LocatedRule]:
        """The rule of that id, or a family's members; raises ConfigurationError for nothing."""
        found = [item for item in self.rules if rule_id in (item.rule.id, item.rule.family)]
        if not found:
            known = ", ".join(located.rule.id for located in self.rules)
            raise ConfigurationError(f"no rule {rule_id!r} in pack {self.name}; there is: {known}")
        return found

    def rule(self, rule_id: str) -> LocatedRule:
        """The rule of that id; raises ConfigurationError naming those that there are."""
        return self.chosen(rule_id)[0]


def member_id(family: str, key: str) -> str:
    """The id of a family's member."""
    return f"{family}@{key}"


def family_of(rule_id: str) -> str:
    """The family's id in a member's; the id itself of a rule that is none."""
    return rule_id.partition("@")[0]
