"""What every API room shares: reading requests, answering JSON, paging."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from databricks_alerts.local_workspace.errors import ApiError, forbidden, invalid, malformed

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.identity.models import User
    from databricks_alerts.local_workspace.state import Workspace

MAX_BODY = 16 * 1024 * 1024  # bytes; Databricks refuses larger bodies too


class Call:
    """One authenticated request, as a handler needs it."""

    def __init__(self, request: Request, body: bytes) -> None:
        self._request = request
        self._body = body

    @property
    def workspace(self) -> Workspace:
        """The workspace that is asked."""
        found: Workspace = self._request.app.state.workspace
        return found

    @property
    def user(self) -> User:
        """Who asks."""
        found: User = self._request.state.user
        return found

    @property
    def path(self) -> dict[str, str]:
        """The path's parameters."""
        return dict(self._request.path_params)

    @property
    def url_path(self) -> str:
        """The path that was asked for, its escapes resolved once."""
        # The request's URL would end at an escaped ? or #, a route's parameter before a last \n.
        return str(self._request.scope["path"])

    def query(self, name: str, default: str = "") -> str:
        """One query parameter."""
        return self._request.query_params.get(name, default)

    @property
    def body(self) -> bytes:
        """The body as it came."""
        return self._body

    def json(self) -> dict[str, Any]:
        """The body as an object. Raises ApiError MALFORMED_REQUEST."""
        if not self._body:
            return {}
        try:
            document = json.loads(self._body, parse_constant=_refuse, parse_float=_finite)
            # An escape may name half of a character, which no text in UTF-8 holds.
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise malformed("a text of the body has half a surrogate pair") from error
        except (ValueError, RecursionError) as error:
            raise malformed(f"the body is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise malformed("the body is not a JSON object")
        return document

    def form(self) -> dict[str, str]:
        """The body as a form's fields. Raises ApiError MALFORMED_REQUEST."""
        try:
            return dict(parse_qsl(self._body.decode(), max_num_fields=100))
        except ValueError as error:
            raise malformed(f"the body is not a form: {error}") from error

    def header(self, name: str) -> str:
        """One header, empty if absent."""
        return self._request.headers.get(name, "")


Handler = Callable[[Call], Any]


def route(method: str, path: str, handler: Handler) -> Route:
    """A route whose handler answers a JSON document, in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        document = await run_in_threadpool(handler, Call(request, body))
        return document if isinstance(document, Response) else answer(document)

    made: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, made, methods=[method])


def answer(document: Any, status: int = 200) -> Response:
    """A JSON response."""
    if status == 204:
        return Response(status_code=204)
    content = json.dumps(document, separators=(",", ":"))
    return Response(content, status_code=status, media_type="application/json")


def refusal(error: ApiError) -> Response:
    """An ApiError as its response."""
    response = answer(error.body(), error.status)
    if error.retry_after is not None:
        # Whole seconds are all that the header has.
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def require_admin(call: Call) -> None:
    """Raises ApiError 403 for everybody but workspace admins."""
    if not call.user.admin:
        raise forbidden("Only workspace admins may do this.")


def page(call: Call, items: Sequence[Any], *, most: int, default: int) -> tuple[list[Any], str]:
    """One page of `items` and the token of the next, empty at the end.

    Raises ApiError for a size or token that is none.
    """
    size = whole_number(call.query("page_size") or str(default), "page_size")
    start = whole_number(call.query("page_token") or "0", "page_token")
    if size < 0 or start < 0:
        raise invalid("page_size and page_token must not be negative")
    size = min(size or default, most)
    end = start + size
    return list(items[start:end]), str(end) if end < len(items) else ""


def whole_number(text: str, name: str) -> int:
    """A query parameter as a number. Raises ApiError INVALID_PARAMETER_VALUE."""
    if re.fullmatch(r"-?[0-9]{1,15}", text) is None:
        raise invalid(f"{name} is not a number: {text[:40]!r}")
    return int(text)


def boolean(text: str, name: str) -> bool:
    """A query parameter as true or false, which an absent one is. Raises ApiError."""
    if text.lower() not in ("true", "false", ""):
        raise invalid(f"{name} must be true or false, not {text[:40]!r}")
    return text.lower() == "true"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
