"""Times on the command line."""

from __future__ import annotations

import datetime as dt

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.rules.durations import duration


def length_of(option: str, text: str) -> dt.timedelta:
    """A length of time. Raises ConfigurationError that names the option."""
    try:
        return duration(text)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{option} {text}: {error}") from error


def time_of(option: str, text: str, zone: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """A time as people write it, or how long ago it is (30d)."""
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            return now - duration(text)
        except (ValueError, OverflowError) as error:
            raise ConfigurationError(
                f"{option} {text} is neither a time ('2026-11-01', '2026-11-01 08:00') nor how "
                "long ago (30d, 12h)"
            ) from error
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(dt.UTC)
