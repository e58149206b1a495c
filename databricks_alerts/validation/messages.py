"""A rule's notification templates: known variables, closed sections, columns of the result.

Databricks renders an unknown variable as nothing, so that a typing mistake shows in the first
message only.
"""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.evaluation.mustache import check_template
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.tables import ALERTS


def message_templates(rule: Rule) -> dict[str, str]:
    """The templates that the rule deploys, by the columns that hold them."""
    if not rule.use_custom_template:
        return {}
    both = {
        "custom_subject_template": rule.custom_subject_template,
        "custom_body_template": rule.custom_body_template,
    }
    return {column: text for column, text in both.items() if text}


def check_messages(rule: Rule, columns: Sequence[str] | None) -> list[Finding]:
    """Everything wrong with a rule's templates; `columns` of the result, None if not known."""
    return [
        Finding(
            key=rule.alert_id,
            check="message",
            what=problem.what,
            where=f"{ALERTS}.{column}",
            remedy=problem.remedy,
            line=problem.line,
            position=problem.position,
        )
        for column, text in message_templates(rule).items()
        for problem in check_template(text, columns)
    ]
