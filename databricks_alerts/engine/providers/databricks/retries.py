"""When a request is tried again, and how long to wait before.

databricks-sdk 0.156 (_base_client.py, retries.py) retries every method, POST included, after a
dropped connection and so may create twice; it sleeps as long as a Retry-After says, past its own
deadline; and its `rate_limit` setting limits nothing. Hence these rules of our own.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from databricks_alerts.engine.providers.base import ProviderError

DEADLINE = 300.0  # seconds for one operation, all attempts together, as in Databricks' own tools
_LONGEST_WAIT = 20.0
# A 500 is a bug more often than a bad moment: a few tries, then say so.
_TRIES_AFTER_500 = 4
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
# The quota of alerts is full: waiting does not help.
_LASTING = frozenset({"RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "RESOURCE_LIMIT_EXCEEDED"})


class Clock:
    """Time and waiting; tests put another in its place."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def wait(self, seconds: float) -> None:
        """Wait. Raises ProviderError when `stop` is called meanwhile."""
        if self._stopped.wait(max(0.0, seconds)):
            raise ProviderError("stopped while waiting to try a request again")

    def stop(self) -> None:
        """End all waiting, now and later."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called, after which nothing is begun any more."""
        return self._stopped.is_set()


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed. `status` is 0 when there was no answer.

    `sent` is False when the request certainly never reached the workspace.
    """

    status: int
    error_code: str
    message: str
    retry_after: float | None = None
    sent: bool = True

    @property
    def throttled(self) -> bool:
        """Whether the workspace asks to be asked less often."""
        return self.status == 429 and not self.lasting

    @property
    def lasting(self) -> bool:
        """Whether it is a full quota, which another try does not empty."""
        return self.error_code in _LASTING and self.retry_after is None

    @property
    def transient(self) -> bool:
        """Whether another try may help."""
        return (self.status == 0 or self.status in _TRANSIENT) and not self.lasting

    @property
    def without_effect(self) -> bool:
        """Whether the workspace certainly did nothing.

        A 503 with an error code comes from the service that refused; one without may come from a
        gateway that lost the answer.
        """
        if self.status == 0:
            return not self.sent
        refused = self.status == 503 and bool(self.error_code or self.retry_after is not None)
        return refused or self.status not in (408, 500, 502, 503, 504)


def may_retry(failure: Failure, *, repeatable: bool, attempt: int) -> bool:
    """Whether to send again; `repeatable`: doing it twice is as good as once. Attempts from 1."""
    if not failure.transient or (failure.status == 500 and attempt >= _TRIES_AFTER_500):
        return False
    return repeatable or failure.without_effect


def pause(failure: Failure, attempt: int) -> float:
    """Seconds to wait after failed attempt number `attempt`: as told, else growing, with jitter."""
    if failure.retry_after is not None:
        return failure.retry_after + random.uniform(0, 0.25)  # noqa: S311 - spreads load only
    limit = min(_LONGEST_WAIT, 0.5 * 2.0 ** min(attempt - 1, 10))
    return limit * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load only


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date); None without one.

    `now` is the wall clock. RFC 9110, 10.2.3.
    """
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
