"""A stack's environment: what its settings say of rows and rules before anything looks at them.

Overrides are put into the rows, so that one that mends or breaks a rule counts as its row would;
the rest is put into the rules. All that comes later (validation and its fingerprints, the declared
alerts, drift, adoption) sees the rules as this stack has them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.listing import nearest
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.presets import Override
from databricks_alerts.rules.rows import Reading, Rule, read_rule, read_rule_in_part
from databricks_alerts.rules.settings import NAMESPACE, Settings
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.rules.templates import (
    Unknown,
    placeholders,
    placeholders_of_message,
    render_message,
)
from databricks_alerts.sql.literals import Value

Row = dict[str, Any]

_COLUMNS = {"schedule": "schedule_cron", "severity": "severity", "enabled": "is_enabled"}
_THRESHOLD = "threshold_value_"
_MESSAGES = ("custom_subject_template", "custom_body_template")
_QUERY = "alert_query_template"


class Change(BaseModel):
    """What a setting makes of a rule: the row's value of a field, and the one in force."""

    model_config = ConfigDict(frozen=True)

    key: str
    field: str
    before: Any
    after: Any
    setting: str

    @property
    def overrides(self) -> bool:
        """Whether the setting speaks of this rule alone."""
        return self.setting == setting_of(self.key, self.field)


class Environment(BaseModel):
    """What a stack made of the rows: `findings` speak against rules, `unused` against settings."""

    model_config = ConfigDict(frozen=True)

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    unused: tuple[Finding, ...] = ()

    def of(self, key: str) -> list[Finding]:
        """The findings of one rule."""
        return [finding for finding in self.findings if finding.key == key]


def setting_of(key: str, field: str) -> str:
    """The setting that overrides a field of a rule."""
    return f"{NAMESPACE}:overrides.{key}.{field}"


def in_environment(rows: Sequence[Row], settings: Settings) -> tuple[list[Row], Environment]:
    """The rows of alert_configurations as the stack has them, and what it made of them.

    Raises ConfigurationError for overrides of rules that the table does not have.
    """
    _require_known(settings.overrides, {str(row.get("alert_id")) for row in rows})
    changed: list[Row] = []
    changes: list[Change] = []
    findings: list[Finding] = []
    for row in rows:
        placed_row, made, found = _overridden(row, settings.overrides)
        changes += [*made, *_changes_of_all(placed_row, settings)]
        findings += [*found, *_missing_in_messages(placed_row, settings)]
        changed.append(placed_row)
    return changed, Environment(
        changes=tuple(changes),
        findings=tuple(dict.fromkeys(findings)),
        unused=tuple(_unused(rows, settings)),
    )


def read_placed(settings: Settings, row: Row) -> Rule | list[Finding]:
    """A rule as the stack has it, or everything that is wrong with its row."""
    found = read_rule(row)
    return placed(found, settings) if isinstance(found, Rule) else found


def read_placed_in_part(settings: Settings, row: Row, findings: Sequence[Finding]) -> Reading:
    """The same for what is right in a row (see `read_rule_in_part`)."""
    reading = read_rule_in_part(row, findings)
    if not isinstance(reading.record, Rule):
        return reading
    return reading.model_copy(update={"record": placed(reading.record, settings)})


def placed(rule: Rule, settings: Settings) -> Rule:
    """The rule as the stack has it: its name, whether it runs, whom it notifies, what it says."""
    update: dict[str, Any] = {"name_prefix": settings.name_prefix}
    if settings.paused:
        update["pause_status"] = "PAUSED"
    if settings.channels is not None and rule.notification_channels:
        update["notification_channels"] = settings.channels
    for column in _MESSAGES:
        text = getattr(rule, column)
        if text:
            update[column], _ = render_message(text, settings)
    return rule.model_copy(update=update)


def blamed(finding: Finding, settings: Settings) -> Finding:
    """The finding, which names the setting where the stack said what the finding speaks against."""
    column = finding.where.rpartition(".")[2]
    if column == "notification_channels" and settings.channels is not None:
        return finding.model_copy(update={"where": f"{NAMESPACE}:channels"})
    override = settings.overrides.get(finding.key)
    for field in override.values if override is not None else ():
        if column == _COLUMNS.get(field) or (field == "threshold" and _THRESHOLD in column):
            return finding.model_copy(update={"where": setting_of(finding.key, field)})
        if field == "threshold" and finding.check == "threshold":
            said = (
                f"{finding.remedy}; the stack says the threshold ({setting_of(finding.key, field)})"
            )
            return finding.model_copy(update={"remedy": said})
    return finding


def missing_variable(item: Unknown, settings: Settings) -> tuple[str, str]:
    """What is wrong with a placeholder that cannot be filled, and the remedy."""
    if item.problem:
        return f"{item.text} cannot stand here: {item.problem}", "write the variable bare"
    known = [*settings.names, *settings.variables]
    near = difflib.get_close_matches(item.name, known, 1)
    hint = f"; did you mean ${{{near[0]}}}?" if near else ""
    what = f"the placeholder {item.text} is not known{hint}"
    if item.text.startswith("${") and item.name.isidentifier():
        return what, f"set {NAMESPACE}:variables.{item.name} in the stack's settings"
    return what, f"use {', '.join(f'${{{name}}}' for name in known)} only"


def told(settings: Settings, environment: Environment, rules: Iterable[Rule]) -> list[str]:
    """What the stack does to its rules, a line each, for people; nothing where it does nothing."""
    enabled = [rule for rule in rules if rule.is_enabled]
    lines = []
    if settings.paused:
        lines.append(f"paused: {_counted(len(enabled), 'alert')} deployed that never run")
    if settings.name_prefix:
        lines.append(f"namePrefix: names begin with {settings.name_prefix!r}")
    if settings.channels is not None:
        whom = ", ".join(settings.channels) or "nobody"
        lines.append(f"channels: notifications go to {whom} instead")
    lines += [f"variables: {name} = {value!r}" for name, value in settings.variables.items()]
    lines += [
        f"overrides: {item.key} {item.field} {item.before!r} → {item.after!r}"
        for item in environment.changes
        if item.overrides
    ]
    return lines


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _require_known(overrides: Mapping[str, Override], keys: set[str]) -> None:
    unknown = sorted(overrides.keys() - keys)
    if not unknown:
        return
    lines = []
    for key in unknown:
        hint = nearest(key, keys, "remove it, or insert the rule")
        lines.append(f"  {NAMESPACE}:overrides.{key}: {ALERTS} has no such alert_id; {hint}")
    raise ConfigurationError("the stack overrides rules that are not there:\n" + "\n".join(lines))


def _overridden(
    row: Row, overrides: Mapping[str, Override]
) -> tuple[Row, list[Change], list[Finding]]:
    key = str(row.get("alert_id"))
    override = overrides.get(key)
    changed, changes, findings = dict(row), [], []
    for field, value in override.values.items() if override is not None else ():
        if field == "threshold":
            operator = str(row.get("threshold_operator"))
            if operator.strip().upper().startswith("IS"):
                findings.append(_takes_no_threshold(key, operator))
                continue
            before = _threshold(row)
            changed |= _threshold_columns(row, value)
        else:
            before = row.get(_COLUMNS[field])
            changed[_COLUMNS[field]] = value
        setting = setting_of(key, field)
        changes.append(Change(key=key, field=field, before=before, after=value, setting=setting))
    return changed, changes, findings


def _changes_of_all(row: Row, settings: Settings) -> list[Change]:
    """What settings for all rules make of this one."""
    key = str(row.get("alert_id"))
    found: list[tuple[str, Any, Any, str]] = []
    if settings.paused and row.get("pause_status") != "PAUSED":
        found.append(("pause_status", row.get("pause_status"), "PAUSED", "paused"))
    if settings.name_prefix:
        found.append(("name", "", settings.name_prefix, "namePrefix"))
    channels = row.get("notification_channels")
    if settings.channels is not None and channels and list(channels) != list(settings.channels):
        found.append(("channels", list(channels), list(settings.channels), "channels"))
    return [
        Change(key=key, field=field, before=before, after=after, setting=f"{NAMESPACE}:{setting}")
        for field, before, after, setting in found
    ]


def _threshold(row: Row) -> Any:
    """What the row compares with: the one of its columns that has something."""
    names = [name for name in row if name.startswith(_THRESHOLD) and not name.endswith("_type")]
    return next((row[name] for name in names if row[name] is not None), None)


def _threshold_columns(row: Row, value: Value) -> Row:
    """The columns of a threshold with this value: one of them has it, in the type it has."""
    columns: Row = {name: None for name in row if name.startswith(_THRESHOLD)}
    match value:
        case bool():
            return columns | {f"{_THRESHOLD}type": "BOOLEAN", f"{_THRESHOLD}bool": value}
        case str():
            return columns | {f"{_THRESHOLD}type": "STRING", f"{_THRESHOLD}string": value}
    return columns | {f"{_THRESHOLD}type": "DOUBLE", f"{_THRESHOLD}double": float(value)}


def _takes_no_threshold(key: str, operator: str) -> Finding:
    return Finding(
        key=key,
        check="threshold",
        what=f"the stack sets a threshold, but threshold_operator is {operator}, which takes none",
        where=setting_of(key, "threshold"),
        remedy="remove the override, or change the row's threshold_operator",
    )


def _missing_in_messages(row: Row, settings: Settings) -> list[Finding]:
    if not row.get("use_custom_template"):
        return []
    found = []
    for column, text in _messages(row):
        for item in render_message(text, settings)[1]:
            what, remedy = missing_variable(item, settings)
            found.append(
                Finding(
                    key=str(row.get("alert_id")),
                    check="message",
                    what=what,
                    where=f"{ALERTS}.{column}",
                    remedy=f"{remedy}, or write \\{item.text} for the text itself",
                    line=item.line,
                    position=item.position,
                )
            )
    return found


def _messages(row: Row) -> list[tuple[str, str]]:
    texts = [(column, row.get(column)) for column in _MESSAGES]
    return [(column, text) for column, text in texts if isinstance(text, str)]


def _unused(rows: Sequence[Row], settings: Settings) -> Iterable[Finding]:
    """Variables that no row mentions, not even one that is disabled or wrong."""
    used: set[str] = set()
    for row in rows:
        query = row.get(_QUERY)
        used |= placeholders(query) if isinstance(query, str) else set()
        for _, text in _messages(row):
            used |= placeholders_of_message(text)
    for name in sorted(settings.variables.keys() - used):
        near = difflib.get_close_matches(name, used - settings.variables.keys(), 1)
        hint = f"; a rule says ${{{near[0]}}}" if near else ""
        yield Finding(
            key=name,
            check="variable",
            what=f"no query and no message of {ALERTS} has ${{{name}}}{hint}",
            where=f"{NAMESPACE}:variables.{name}",
            remedy="remove it from the stack's settings, or use it in a rule",
        )
