"""Routes of the Statement Execution API, as databricks-sdk and `use_sea=True` call it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from databricks_alerts.local_workspace.errors import error_body
from databricks_alerts.local_workspace.warehouse import parameters, statement_rows
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.statements import (
    Statement,
    Statements,
    Wanted,
    cancel,
)
from databricks_alerts.local_workspace.warehouse.warehouse import Session, Warehouse

_STATEMENTS = "/api/2.0/sql/statements"
_SESSIONS = "/api/2.0/sql/sessions"
_FORMATS = {"JSON_ARRAY", "ARROW_STREAM"}
_DISPOSITIONS = {"INLINE", "EXTERNAL_LINKS", "INLINE_OR_EXTERNAL_LINKS"}
_WAIT = re.compile(r"(\d{1,2})s")

WarehouseOf = Callable[[str], Warehouse | None]
UserOf = Callable[[Request], str]


class _RefusedError(Exception):
    """A request that is answered with an error document."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = _answer(error_body(code, message), status)


def statement_routes(warehouse_of: WarehouseOf, user_of: UserOf) -> list[Route]:
    """Statements and sessions; `user_of` answers who asks, after authentication."""
    api = _Api(warehouse_of, user_of)
    one = f"{_STATEMENTS}/{{id}}"
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", _STATEMENTS, api.execute),
        ("GET", one, api.get),
        ("DELETE", one, api.close),
        ("POST", f"{one}/cancel", api.cancel),
        ("GET", f"{one}/result/chunks/{{index}}", api.chunk),
        ("GET", f"{one}/result/chunks/{{index}}/data", api.data),
        ("POST", _SESSIONS, api.open_session),
        ("DELETE", f"{_SESSIONS}/{{id}}", api.close_session),
    ]
    return [Route(path, _guarded(handler), methods=[method]) for method, path, handler in table]


class _Api:
    def __init__(self, warehouse_of: WarehouseOf, user_of: UserOf) -> None:
        self._warehouse_of = warehouse_of
        self._user_of = user_of
        self._statements = Statements()

    async def execute(self, request: Request) -> Response:
        """Run a statement; answer when it is done, or after wait_timeout."""
        body = await _body(request)
        sql = _required(body, "statement")
        warehouse = self._warehouse(body)
        session = self._session(body, warehouse, self._user_of(request))
        wait = _wait(body)
        statement = self._statements.submit(
            warehouse, session, sql, _arguments(body), _wanted(body)
        )
        waiting = asyncio.wrap_future(statement.future)
        # Its error is told by the statement; asyncio would complain that nobody looked.
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait([waiting], timeout=wait)
        if body.get("on_wait_timeout") == "CANCEL":
            cancel(statement)
        return await _document(request, statement)

    async def get(self, request: Request) -> Response:
        """How a statement stands, with its rows once it succeeded."""
        return await _document(request, self._found(request))

    async def cancel(self, request: Request) -> Response:
        """Cancel a statement."""
        cancel(self._found(request))
        return _answer({})

    async def close(self, request: Request) -> Response:
        """Forget a statement."""
        statement = self._found(request)
        cancel(statement)
        self._statements.close(statement.id)
        return _answer({})

    async def chunk(self, request: Request) -> Response:
        """One chunk of the rows; all are in the first."""
        statement = self._succeeded(request)
        return _answer(await run_in_threadpool(statement_rows.result, statement, *_link(request)))

    async def data(self, request: Request) -> Response:
        """What an external link leads to."""
        statement = self._succeeded(request)
        table = await run_in_threadpool(statement.table)
        if statement.arrow:
            stream = await run_in_threadpool(statement_rows.arrow_stream, table)
            return Response(stream, media_type="application/vnd.apache.arrow.stream")
        return _answer(await run_in_threadpool(statement_rows.text_rows, table))

    async def open_session(self, request: Request) -> Response:
        """A session that statements can share."""
        body = await _body(request)
        session = self._session(body, self._warehouse(body), self._user_of(request))
        return _answer({"session_id": self._statements.open(session)})

    async def close_session(self, request: Request) -> Response:
        """Forget a session; one that is gone is closed."""
        self._statements.close_session(request.path_params["id"])
        return _answer({})

    def _warehouse(self, body: dict[str, Any]) -> Warehouse:
        key = _required(body, "warehouse_id")
        warehouse = self._warehouse_of(key)
        if warehouse is None:
            raise _RefusedError(
                404, "RESOURCE_DOES_NOT_EXIST", f"SQL warehouse {key} does not exist."
            )
        return warehouse

    def _session(self, body: dict[str, Any], warehouse: Warehouse, user: str) -> Session:
        key = body.get("session_id")
        if key:
            session = self._statements.session(str(key), user)
            if session is None:
                raise _RefusedError(
                    404, "RESOURCE_DOES_NOT_EXIST", f"Session {key} does not exist."
                )
            return session
        return warehouse.new_session(user, *(_text(body, name) for name in ("catalog", "schema")))

    def _found(self, request: Request) -> Statement:
        key = request.path_params["id"]
        statement = self._statements.find(key, self._user_of(request))
        if statement is None:
            message = f"The statement {key} was not found."
            raise _RefusedError(404, "NOT_FOUND", message)
        return statement

    def _succeeded(self, request: Request) -> Statement:
        statement = self._found(request)
        if statement.state != "SUCCEEDED" or request.path_params["index"] != "0":
            raise _RefusedError(404, "NOT_FOUND", "The statement has no such chunk of rows.")
        return statement


def _guarded(handler: Callable[[Request], Awaitable[Response]]) -> Any:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except _RefusedError as refused:
            return refused.response

    return endpoint


async def _document(request: Request, statement: Statement) -> Response:
    made = await run_in_threadpool(statement_rows.document, statement, *_link(request))
    return _answer(made)


def _link(request: Request) -> tuple[str, str]:
    """The base of external links, and the authorization that they need."""
    base = f"{request.url.scheme}://{request.url.netloc}"
    return base, request.headers.get("authorization", "")


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise _RefusedError(400, "MALFORMED_REQUEST", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise _RefusedError(400, "MALFORMED_REQUEST", "The body is not a JSON object.")
    return body


def _required(body: dict[str, Any], name: str) -> str:
    value = _text(body, name)
    if not value:
        raise _invalid(f"{name} is required")
    return value


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise _invalid(f"{name} must be a string")
    return value


def _wait(body: dict[str, Any]) -> float:
    """Seconds to wait: 0, or 5 to 50; 10 unless told."""
    found = _WAIT.fullmatch(_text(body, "wait_timeout") or "10s")
    seconds = int(found[1]) if found else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise _invalid("wait_timeout must be 0s, or between 5s and 50s")
    return float(seconds)


def _wanted(body: dict[str, Any]) -> Wanted:
    form = "JSON_ARRAY" if body.get("format") is None else _text(body, "format")
    disposition = "INLINE" if body.get("disposition") is None else _text(body, "disposition")
    limit = body.get("row_limit") or 0
    if form not in _FORMATS or disposition not in _DISPOSITIONS:
        raise _invalid("format or disposition is not one that this API has")
    if not isinstance(limit, int) or limit < 0:
        raise _invalid("row_limit must be a positive number")
    if form == "ARROW_STREAM" and disposition == "INLINE":
        raise _invalid("The format ARROW_STREAM needs the disposition EXTERNAL_LINKS")
    return Wanted(form == "ARROW_STREAM", disposition == "EXTERNAL_LINKS", limit)


def _arguments(body: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """Parameters with names as a dict, without as a list."""
    sent = body.get("parameters") or []
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise _invalid("parameters must be a list of objects")
    try:
        read = [
            (
                item.get("name"),
                parameters.value(_text(item, "type") or "STRING", _text(item, "value")),
            )
            for item in sent
        ]
    except SqlError as error:
        raise _invalid(str(error)) from error
    if any(name for name, _ in read):
        return {str(name): value for name, value in read}
    return [value for _, value in read]


def _invalid(message: str) -> _RefusedError:
    return _RefusedError(400, "INVALID_PARAMETER_VALUE", message)


def _answer(document: Any, status: int = 200) -> Response:
    content = json.dumps(document, separators=(",", ":"))
    return Response(content, status_code=status, media_type="application/json")
