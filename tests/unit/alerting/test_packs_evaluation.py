"""A pack's rule as the condition that Databricks evaluates."""

from __future__ import annotations

from typing import Any

import pytest

from databricks_alerts.evaluation import OPERATORS, Condition, Operand
from databricks_alerts.packs.authored import Defaults, PackRule
from databricks_alerts.packs.defaults import completed
from databricks_alerts.packs.evaluation import condition_of
from databricks_alerts.packs.model import CompleteRule

DEFAULTS = Defaults(owner="me@example.com", aggregation="FIRST", empty_result_state="ERROR")


def _rule(operator: str = ">", value: Any = 5, **changes: Any) -> CompleteRule:
    rule = PackRule.model_validate(
        {
            "id": "A-1",
            "name": "n",
            "severity": "INFO",
            "description": "d",
            "runbook": "r",
            "query": "SELECT 1 AS v",
            "threshold": {"column": "v", "operator": operator, "value": value},
            "schedule": "0 0 * * * ?",
            "channels": ("a@b.co",),
            "notify_on_ok": True,
            "retrigger_seconds": 0,
            **changes,
        }
    )
    return completed(rule, "SELECT 1 AS v", DEFAULTS)


def test_what_a_rule_leaves_out_comes_from_the_packs_defaults() -> None:
    assert condition_of(_rule()) == Condition(
        Operand("v"), "GREATER_THAN", 5.0, empty_result_state="ERROR"
    )
    counted = _rule(aggregation="COUNT", empty_result_state="OK")
    assert condition_of(counted) == Condition(
        Operand("v", "COUNT"), "GREATER_THAN", 5.0, empty_result_state="OK"
    )


@pytest.mark.parametrize("value", [True, "x", 5, 5.5])
def test_a_threshold_has_the_type_of_its_column_in_the_table(value: Any) -> None:
    threshold = condition_of(_rule(value=value)).threshold
    assert threshold == value
    assert type(threshold) is (float if type(value) is int else type(value))


@pytest.mark.parametrize("sign", [">", "<", ">=", "<=", "=", "==", "!=", "<>", "IS NULL"])
def test_every_spelling_of_an_operator_has_its_word(sign: str) -> None:
    found = condition_of(_rule(sign, None if sign.startswith("IS") else 1))
    assert found.operator in OPERATORS
    assert (found.threshold is None) is sign.startswith("IS")
