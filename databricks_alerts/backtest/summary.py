"""How often and how long a threshold would have fired, from the states of its past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

_WEEK = dt.timedelta(weeks=1)


@dataclass(frozen=True)
class Firings:
    """What a series of states comes to.

    A firing is an evaluation that is TRIGGERED and follows one that is not, or none. A state lasts
    until the next evaluation, the last until the end.
    """

    firings: int
    triggered: int
    errors: int
    unknown: int
    evaluations: int
    time: dt.timedelta
    longest: dt.timedelta
    total: dt.timedelta

    @property
    def share(self) -> float:
        """The part of the time in which it was TRIGGERED."""
        return self.time / self.total if self.total else 0.0

    @property
    def per_week(self) -> float:
        """How often it fired a week."""
        return self.firings / (self.total / _WEEK) if self.total else 0.0


def summarize(moments: Sequence[dt.datetime], states: Sequence[str], end: dt.datetime) -> Firings:
    """The firings of states found at moments (in order, all before `end`)."""
    nothing = dt.timedelta()
    firings, time, longest, current = 0, nothing, nothing, nothing
    before = ""
    ends = [*moments[1:], end][: len(moments)]
    for moment, following, state in zip(moments, ends, states, strict=True):
        if state == "TRIGGERED":
            firings += before != "TRIGGERED"
            current = following - moment + (current if before == "TRIGGERED" else nothing)
            time += following - moment
            longest = max(longest, current)
        before = state
    return Firings(
        firings=firings,
        triggered=states.count("TRIGGERED"),
        errors=states.count("ERROR"),
        unknown=states.count("UNKNOWN"),
        evaluations=len(states),
        time=time,
        longest=longest,
        total=end - moments[0] if moments else nothing,
    )
