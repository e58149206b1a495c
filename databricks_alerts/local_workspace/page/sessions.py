"""Who looks at the page: sessions by cookie, opened with a token or a one-time code.

SameSite=Strict and a form token keep other sites out, the Host check keeps their names out (DNS
rebinding).
"""

from __future__ import annotations

import secrets
import threading
from urllib.parse import urlsplit

from starlette.requests import Request

COOKIE = "workspace_session"
_MOST = 50


class Sessions:
    """Sessions of this run of the workspace: id to form token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: dict[str, str] = {}
        self._codes: set[str] = set()

    def open(self) -> str:
        """A new session's id."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._forms[key] = secrets.token_urlsafe(16)
            while len(self._forms) > _MOST:
                del self._forms[next(iter(self._forms))]
        return key

    def form_token(self, request: Request) -> str | None:
        """The form token of the request's session, None without one."""
        with self._lock:
            return self._forms.get(request.cookies.get(COOKIE, ""))

    def code(self) -> str:
        """A code that opens one session."""
        made = secrets.token_urlsafe(24)
        with self._lock:
            self._codes.add(made)
        return made

    def redeem(self, code: str) -> bool:
        """Whether a code is good; it is not any more afterwards."""
        with self._lock:
            known = code in self._codes
            self._codes.discard(code)
        return known


def is_local(request: Request) -> bool:
    """Whether the browser asked for this machine by a name of its own."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    return host in ("127.0.0.1", "localhost", "::1")
