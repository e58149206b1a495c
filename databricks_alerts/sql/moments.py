"""Times as the warehouse answers them."""

from __future__ import annotations

import datetime as dt


def aware(moment: dt.datetime) -> dt.datetime:
    """A time with its zone: sessions of ours stand in UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
