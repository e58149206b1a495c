"""The rules of a stack, or of a pack, as checks see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from databricks_alerts.evaluation import AGGREGATIONS, Operand, closed
from databricks_alerts.lint.model import Subject
from databricks_alerts.packs import variables
from databricks_alerts.packs.evaluation import compared_with
from databricks_alerts.packs.model import LocatedRule, Pack
from databricks_alerts.rules.presets import BUILT_IN
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.rules.templates import placeholders, render
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.sql.literals import Value

_UNKNOWN = "x"


def of_snapshot(snapshot: Snapshot, settings: Settings) -> list[Subject]:
    """The enabled rules of a stack, with its settings."""
    return [_of_rule(rule, settings) for rule in snapshot.rules if rule.is_enabled]


def of_pack(pack: Pack, root: Path) -> list[Subject]:
    """The rules of a pack, with its variables' defaults; places are told from `root`."""
    declared = {name: variable.default for name, variable in pack.manifest.variables.items()}
    return [_of_located(located, declared, root) for located in pack.rules]


def _of_rule(rule: Rule, settings: Settings) -> Subject:
    return Subject(
        key=rule.alert_id,
        place=ALERTS,
        template=rule.alert_query_template,
        query=_rendered(rule.alert_query_template, settings.names, settings.variables),
        column=rule.threshold_column,
        aggregation=rule.aggregation_type,
        operator=rule.threshold_operator,
        value=rule.threshold if rule.threshold_operand is None else rule.threshold_operand.label,
        schedule=rule.schedule_cron,
        time_zone=rule.schedule_timezone,
    )


def _of_located(located: LocatedRule, declared: Mapping[str, Value], root: Path) -> Subject:
    rule, source = located.rule, located.source
    template = variables.render_query(rule.query, declared)
    threshold = rule.threshold
    compared = compared_with(threshold)
    operand = compared if isinstance(compared, Operand) else None
    return Subject(
        key=rule.id,
        place=f"{_relative(source.path, root)}:{source.line}",
        template=rule.query,
        query=_rendered(template, {name: name for name in BUILT_IN}, {}),
        column=threshold.column,
        aggregation=rule.aggregation if rule.aggregation in AGGREGATIONS else None,
        operator={"==": "=", "<>": "!="}.get(threshold.operator, threshold.operator),
        value=threshold.value if operand is None else operand.label,
        schedule=rule.schedule,
        time_zone=rule.time_zone,
    )


def _rendered(template: str, names: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """The query; a variable that nobody sets, or that a pack leaves to stacks, is some text."""
    free: dict[str, Value] = dict.fromkeys(placeholders(template) - names.keys(), _UNKNOWN)
    query, _ = render(template, names, {**free, **values})
    return closed(query)


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
