"""The words that columns allow: what rows, packs, policies and adoption agree on."""

from __future__ import annotations

from typing import Literal

Severity = Literal["CRITICAL", "WARNING", "INFO"]
Operator = Literal[">", "<", ">=", "<=", "=", "!=", "IS NULL", "IS NOT NULL"]
OtherSpelling = Literal["==", "<>"]  # of `=` and `!=`
Aggregation = Literal["SUM", "COUNT", "COUNT_DISTINCT", "AVG", "MEDIAN", "MIN", "MAX", "STDDEV"]
NoAggregation = Literal["NONE", "FIRST"]  # the first row's value
ThresholdType = Literal["DOUBLE", "STRING", "BOOLEAN"]
EmptyResultState = Literal["OK", "TRIGGERED", "ERROR", "UNKNOWN"]
TemplateFormat = Literal["HTML", "MARKDOWN"]
PauseStatus = Literal["UNPAUSED", "PAUSED"]
DestinationType = Literal[
    "EMAIL",
    "SLACK",
    "WEBHOOK",
    "TEAMS",
    "PAGERDUTY",
    "DATABRICKS_APP_SLACK",  # Databricks' own apps in Slack and in Teams
    "DATABRICKS_APP_TEAMS",
]
LONGEST_RETRIGGER = 2**31 - 1  # seconds: the greatest number that the column, an INT, holds
