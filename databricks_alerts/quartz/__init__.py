"""Quartz cron expressions: whether one is legal, and when it fires.

Shared by what validates rules and by the local workspace that runs them. No library on the index
knows all of Quartz: croniter and cronsim lack W and number the days of the week differently.
"""

from databricks_alerts.quartz.expression import Expression, QuartzError, parse, problem
from databricks_alerts.quartz.firing import fires_a_day, next_fire
from databricks_alerts.quartz.words import in_words
from databricks_alerts.quartz.zones import is_time_zone, time_zone

__all__ = [
    "Expression",
    "QuartzError",
    "fires_a_day",
    "in_words",
    "is_time_zone",
    "next_fire",
    "parse",
    "problem",
    "time_zone",
]
