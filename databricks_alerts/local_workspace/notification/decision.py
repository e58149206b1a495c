"""Whether an evaluation is worth a notification. Pure.

docs.databricks.com, SQL alerts: subscribers are told when the state becomes TRIGGERED; again after
the "notify again" time while it stays so (0: once); on the way back to OK where that is wanted.
Databricks tells of no ERROR and no UNKNOWN, so neither does this.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

Reason = Literal["TRIGGERED", "RETRIGGERED", "OK"]


def decide(
    state: str,
    *,
    before: str | None,
    last_told: dt.datetime | None,
    at: dt.datetime,
    retrigger_seconds: int,
    notify_on_ok: bool,
) -> Reason | None:
    """Why to notify, None for not.

    `before` is what subscribers know: TRIGGERED, OK, or None for nothing yet; states between, such
    as ERROR, change nothing in that. `last_told` is when they were told of TRIGGERED.
    """
    if state == "TRIGGERED":
        if before != "TRIGGERED":
            return "TRIGGERED"
        waited = None if last_told is None else (at - last_told).total_seconds()
        again = retrigger_seconds > 0 and (waited is None or waited >= retrigger_seconds)
        return "RETRIGGERED" if again else None
    if state == "OK" and before == "TRIGGERED" and notify_on_ok:
        return "OK"
    return None
