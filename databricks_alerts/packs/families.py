"""`for_each`: one rule for each member of a family, with what the member says put in.

`{{ each.NAME }}` is a member's value. In a query it is written as its place asks for: bare as a
literal of its type, in backticks as a name, inside quotes as text that cannot end them. In all
other fields it is plain text; a threshold's value, or a value in a test's rows, that is nothing
else keeps its type.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from databricks_alerts.packs.authored import (
    Case,
    MemberOverride,
    Message,
    PackRule,
    Parameter,
    RuleDefaults,
    Threshold,
)
from databricks_alerts.packs.defaults import completed
from databricks_alerts.packs.document import Key, Problem
from databricks_alerts.packs.members import Fields, Member
from databricks_alerts.packs.model import CompleteRule, Family, LocatedRule, member_id
from databricks_alerts.rules.templates import Unknown, render_values
from databricks_alerts.sql.literals import text_of

REFERENCE = re.compile(r"\{\{\s*each\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_ANY_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\{\{.*?\}\}", re.DOTALL)
_TEXTS = (
    *("name", "description", "runbook", "owner", "schedule", "time_zone"),
    *("warehouse_id", "folder", "run_as", "runbook_url"),
)


def expanded(
    family: Family, members: list[Member], problems: list[Problem]
) -> Iterator[LocatedRule]:
    """The family's rules, one a member; what a member cannot fill is a problem."""
    for member in members:
        filling = _Filling(member, family)
        rule = filling.rule()
        problems += filling.problems
        yield LocatedRule(rule, family.domain, family.source, family.place)


def references(rule: CompleteRule) -> list[str]:
    """What a rule says of a member, outside its tests."""
    texts = [getattr(rule, name) or "" for name in _TEXTS]
    threshold = [rule.threshold.column, rule.threshold.value_column, str(rule.threshold.value)]
    message = [rule.message.subject, rule.message.body] if rule.message else []
    values = [item.value for item in rule.parameters or ()]
    optional = (item or "" for item in (*threshold, *message, *values))
    said = " ".join([rule.query, *texts, *rule.channels, *rule.tags.values(), *optional])
    return list(dict.fromkeys(found[0] for found in REFERENCE.finditer(said)))


class _Filling:
    """Puts one member's values into everything that its rule says."""

    def __init__(self, member: Member, family: Family) -> None:
        self._member, self._family = member, family
        self.problems: list[Problem] = []

    def rule(self) -> CompleteRule:
        """The member's rule, complete."""
        family, member = self._family, self._member
        each, written = family.for_each, family.rule
        override = each.overrides.get(member.key)
        made = completed(_overridden(written, override), family.query, *family.layers)
        former = each.renamed_from.get(member.key)
        texts: dict[str, Any] = {
            name: self._optional(getattr(made, name), (name,)) for name in _TEXTS
        }
        return dataclasses.replace(
            made,
            **texts,
            id=member_id(written.id, member.key),
            family=written.id,
            renamed_from=member_id(written.id, former) if former else None,
            query=self._query(made.query),
            threshold=self._threshold(made.threshold),
            message=self._message(made.message),
            parameters=self._parameters(made.parameters),
            channels=tuple(self._text(item, ("channels",)) for item in made.channels),
            tags={name: self._text(item, ("tags",)) for name, item in made.tags.items()},
            tests=tuple(
                self._case(case, index) if case.concerns(member.key) else case
                for index, case in enumerate(made.tests)
            ),
        )

    def _query(self, template: str) -> str:
        filled, unknown = render_values(template, REFERENCE, self._member.fields)
        for item in unknown:
            self._tell(item, ("query",))
        self._require_same_placeholders(template, filled, ("query",))
        return filled

    def _threshold(self, threshold: Threshold) -> Threshold:
        column = self._text(threshold.column, ("threshold", "column"))
        value = self._value(threshold.value, ("threshold", "value"))
        other = self._optional(threshold.value_column, ("threshold", "value_column"))
        return threshold.model_copy(
            update={"column": column, "value": value, "value_column": other}
        )

    def _message(self, message: Message | None) -> Message | None:
        if message is None:
            return None
        parts = {
            name: self._optional(getattr(message, name), ("message", name))
            for name in type(message).model_fields
        }
        return message.model_copy(update=parts)

    def _parameters(self, parameters: tuple[Parameter, ...] | None) -> tuple[Parameter, ...] | None:
        if parameters is None:
            return None
        return tuple(
            item.model_copy(update={"value": self._optional(item.value, ("parameters", index))})
            for index, item in enumerate(parameters)
        )

    def _case(self, case: Case, index: int) -> Case:
        place: tuple[Key, ...] = ("tests", index)
        value = self._value(case.expect.value, (*place, "expect"))
        return case.model_copy(
            update={
                "name": self._text(case.name, (*place, "name")),
                "rows": self._deep(case.rows, (*place, "rows")),
                "expect": case.expect.model_copy(update={"value": value}),
                "variables": self._deep(case.variables, (*place, "variables")),
            }
        )

    def _deep(self, data: Any, place: tuple[Key, ...]) -> Any:
        """Rows of a test: texts anywhere in them, names of tables and columns too."""
        match data:
            case Mapping():
                return {self._text(k, place): self._deep(v, place) for k, v in data.items()}
            case list() | tuple():
                return type(data)(self._deep(item, place) for item in data)
        return self._value(data, place)

    def _value(self, value: Any, place: tuple[Key, ...]) -> Any:
        """A text with values put in; one that is nothing but a placeholder is the value itself."""
        if not isinstance(value, str):
            return value
        whole = REFERENCE.fullmatch(value.strip())
        if whole and whole[1] in self._member.fields:
            return self._member.fields[whole[1]]
        return self._text(value, place)

    def _optional(self, text: str | None, place: tuple[Key, ...]) -> str | None:
        return None if text is None else self._text(text, place)

    def _text(self, template: str, place: tuple[Key, ...]) -> str:
        fields: Fields = self._member.fields

        def put(found: re.Match[str]) -> str:
            if found[1] in fields:
                return text_of(fields[found[1]])
            self._tell(Unknown(found[0], 1, found.start()), place)
            return found[0]

        filled = REFERENCE.sub(put, template)
        self._require_same_placeholders(template, filled, place)
        return filled

    def _require_same_placeholders(
        self, template: str, filled: str, place: tuple[Key, ...]
    ) -> None:
        """A value may be no piece of what later passes over the text put in."""
        if _others(template) != _others(filled):
            text = f"its values make a placeholder with what stands around them in {place[0]}"
            self._problem(text, place)

    def _tell(self, item: Unknown, place: tuple[Key, ...]) -> None:
        found = REFERENCE.fullmatch(item.text)
        name = found[1] if found else item.text
        if item.problem:
            self._problem(f"{item.text} cannot stand here: {item.problem}", place)
            return
        known = sorted(self._member.fields)
        near = difflib.get_close_matches(name, known, 1, cutoff=0.75)
        hint = f"; did you mean {near[0]}?" if near else ""
        self._problem(f"it has no {name} for {item.text}, it has {', '.join(known)}{hint}", place)

    def _problem(self, text: str, place: tuple[Key, ...]) -> None:
        where = self._family.place(place)
        told = f"{self._family.rule.id}: the member {self._member.key}: {text}"
        self.problems.append(Problem(where, told))


def _others(text: str) -> list[str]:
    """All placeholders but those for values of members."""
    return _ANY_PLACEHOLDER.findall(REFERENCE.sub(" ", text))


def _overridden(rule: PackRule, override: MemberOverride | None) -> PackRule:
    """The rule as its author would have written it for this member alone."""
    if override is None:
        return rule
    said = {
        name: value
        for name in (*RuleDefaults.model_fields, "name", "schedule")
        if (value := getattr(override, name)) is not None
    }
    said["tags"] = {**rule.tags, **override.tags}
    if override.threshold is not None:
        said["threshold"] = rule.threshold.model_copy(update={"value": override.threshold})
    return rule.model_copy(update=said)
