"""Thrift calls that lack what every handler relies on: refused before a handler sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thrift.transport.TTransport import TTransportException


class WholeCalls:
    """Refuses calls without a request, a handle or a statement as malformed."""

    def __init__(self, calls: Any) -> None:
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        call: Callable[[Any], Any] = getattr(self._calls, name)

        def checked(req: Any) -> Any:
            if not _is_whole(req):
                # The generated processor lets this one pass, and turns all others into answers.
                raise TTransportException(message="not a whole call")
            return call(req)

        return checked


def _is_whole(req: Any) -> bool:
    """Whether what a handler relies on is there."""
    if req is None:
        return False
    for holder, key in (("sessionHandle", "sessionId"), ("operationHandle", "operationId")):
        if hasattr(req, holder):
            identifier = getattr(getattr(req, holder), key, None)
            if getattr(identifier, "guid", None) is None:
                return False
    return not hasattr(req, "statement") or isinstance(req.statement, str)
