"""The warehouse's Thrift endpoint: HiveServer2's TCLIService over HTTP, as Databricks serves it.

databricks-sql-connector ships the generated classes, server side included; this fills in what
they call. One POST is one call; results go back as Arrow batches, with the first rows already in
the answer to ExecuteStatement ("direct results").
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.Thrift import TException
from thrift.transport.TTransport import TMemoryBuffer

from databricks_alerts.local_workspace.warehouse import catalog_calls, columns, parameters
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.result import EMPTY, Result
from databricks_alerts.local_workspace.warehouse.warehouse import Session, Warehouse
from databricks_alerts.local_workspace.warehouse.whole_calls import WholeCalls

_PROTOCOL = ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8
_OK = ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)
_BATCH_BYTES = 10 * 1024 * 1024
_MAX_SESSIONS = 10_000
_MAX_OPERATIONS = 1_000  # results kept for clients that neither fetch nor close them
# What broken or hostile bytes make the generated reader raise.
_GARBAGE = (
    TException,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    MemoryError,
    OverflowError,
    RecursionError,
    KeyError,
    IndexError,
)


def thrift_routes(
    warehouse_of: Callable[[str], Warehouse | None], user_of: Callable[[Request], str]
) -> list[Route]:
    """POST /sql/1.0/warehouses/{id}; `user_of` answers who asks, after authentication."""
    service = ThriftService()
    factory = TBinaryProtocolFactory()

    async def call(request: Request) -> Response:
        warehouse = warehouse_of(request.path_params["warehouse_id"])
        if warehouse is None:
            return Response("RESOURCE_DOES_NOT_EXIST: no such warehouse", status_code=404)
        body = await request.body()
        user = user_of(request)
        return await run_in_threadpool(answer, warehouse, user, body)

    def answer(warehouse: Warehouse, user: str, body: bytes) -> Response:
        out = TMemoryBuffer()
        processor = TCLIService.Processor(WholeCalls(Calls(service, warehouse, user)))
        try:
            processor.process(factory.getProtocol(TMemoryBuffer(body)), factory.getProtocol(out))
        except _GARBAGE:
            return Response("MALFORMED_REQUEST: not a Thrift call", status_code=400)
        if not out.getvalue():
            return Response("MALFORMED_REQUEST: not a Thrift call", status_code=400)
        return Response(out.getvalue(), media_type="application/x-thrift")

    return [
        Route("/sql/1.0/warehouses/{warehouse_id}", call, methods=["POST"]),
        Route("/sql/1.0/endpoints/{warehouse_id}", call, methods=["POST"]),
    ]


@dataclass
class Operation:
    """A statement that ran: its rows and how far they were fetched, or its error."""

    user: str
    result: Result = EMPTY
    error: SqlError | None = None
    arrow: bool = True
    table: pa.Table = field(default_factory=lambda: pa.table({}))
    fetched: int = 0

    @property
    def has_more(self) -> bool:
        """Whether rows are left to fetch."""
        return bool(self.fetched < self.table.num_rows)


class ThriftService:
    """Sessions and operations of all clients, by their handle's bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}
        self._operations: dict[bytes, Operation] = {}

    def open(self, session: Session) -> Any:
        """A new session's handle; the oldest sessions give way when there are too many."""
        with self._lock:
            while len(self._sessions) >= _MAX_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            handle = _handle()
            self._sessions[handle.guid] = session
        return ttypes.TSessionHandle(sessionId=handle, serverProtocolVersion=_PROTOCOL)

    def session(self, handle: Any, user: str) -> Session | None:
        """The user's own session of that handle."""
        with self._lock:
            session = self._sessions.get(handle.sessionId.guid)
        return session if session and session.user == user else None

    def close(self, handle: Any) -> None:
        """Forget a session."""
        with self._lock:
            self._sessions.pop(handle.sessionId.guid, None)

    def keep(self, operation: Operation) -> Any:
        """A new operation's handle."""
        handle = _handle()
        with self._lock:
            while len(self._operations) >= _MAX_OPERATIONS:
                self._operations.pop(next(iter(self._operations)))
            self._operations[handle.guid] = operation
        return ttypes.TOperationHandle(
            operationId=handle,
            operationType=ttypes.TOperationType.EXECUTE_STATEMENT,
            hasResultSet=operation.error is None,
        )

    def operation(self, handle: Any, user: str) -> Operation | None:
        """The user's own operation of that handle."""
        with self._lock:
            operation = self._operations.get(handle.operationId.guid)
        return operation if operation and operation.user == user else None

    def drop(self, handle: Any) -> None:
        """Forget an operation and its rows."""
        with self._lock:
            self._operations.pop(handle.operationId.guid, None)


class Calls:
    """TCLIService's calls for one request; methods are named as Thrift names them."""

    def __init__(self, service: ThriftService, warehouse: Warehouse, user: str) -> None:
        self._service = service
        self._warehouse = warehouse
        self._user = user

    def OpenSession(self, req: Any) -> Any:  # noqa: N802
        """Open a session, in the catalog and schema that the client names."""
        namespace = req.initialNamespace
        session = self._warehouse.new_session(
            self._user,
            namespace.catalogName if namespace else None,
            namespace.schemaName if namespace else None,
        )
        session.settings.update(req.configuration or {})
        return ttypes.TOpenSessionResp(
            status=_OK,
            serverProtocolVersion=_PROTOCOL,
            sessionHandle=self._service.open(session),
            configuration={},
            initialNamespace=ttypes.TNamespace(session.catalog, session.schema),
            canUseMultipleCatalogs=True,
        )

    def CloseSession(self, req: Any) -> Any:  # noqa: N802
        """Close a session; one that is gone is closed."""
        self._service.close(req.sessionHandle)
        return ttypes.TCloseSessionResp(status=_OK)

    def ExecuteStatement(self, req: Any) -> Any:  # noqa: N802
        """Run a statement to its end and answer its first rows."""
        session = self._service.session(req.sessionHandle, self._user)
        if session is None:
            return ttypes.TExecuteStatementResp(status=_invalid("session"))
        return self._run(
            req,
            lambda: self._warehouse.execute(
                req.statement, _arguments(req.parameters or []), session=session
            ),
            ttypes.TExecuteStatementResp,
        )

    def GetCatalogs(self, req: Any) -> Any:  # noqa: N802
        """The catalogs."""
        return self._listed(req, catalog_calls.catalogs, ttypes.TGetCatalogsResp)

    def GetSchemas(self, req: Any) -> Any:  # noqa: N802
        """The schemas, by pattern."""
        return self._listed(req, catalog_calls.schemas, ttypes.TGetSchemasResp)

    def GetTables(self, req: Any) -> Any:  # noqa: N802
        """The tables and views, by pattern."""
        return self._listed(req, catalog_calls.tables, ttypes.TGetTablesResp)

    def GetColumns(self, req: Any) -> Any:  # noqa: N802
        """The columns, by pattern."""
        return self._listed(req, catalog_calls.columns, ttypes.TGetColumnsResp)

    def GetOperationStatus(self, req: Any) -> Any:  # noqa: N802
        """Whether an operation finished or failed."""
        operation = self._service.operation(req.operationHandle, self._user)
        if operation is None:
            return ttypes.TGetOperationStatusResp(status=_invalid("operation"))
        return _status(operation)

    def GetResultSetMetadata(self, req: Any) -> Any:  # noqa: N802
        """The columns of an operation's rows."""
        operation = self._service.operation(req.operationHandle, self._user)
        if operation is None:
            return ttypes.TGetResultSetMetadataResp(status=_invalid("operation"))
        return _metadata(operation)

    def FetchResults(self, req: Any) -> Any:  # noqa: N802
        """The next rows of an operation."""
        operation = self._service.operation(req.operationHandle, self._user)
        if operation is None:
            return ttypes.TFetchResultsResp(status=_invalid("operation"))
        answer = _fetch(operation, req.maxRows)
        if req.includeResultSetMetadata:
            answer.resultSetMetadata = _metadata(operation)
        return answer

    def CancelOperation(self, req: Any) -> Any:  # noqa: N802
        """Cancel: statements run to their end within the call that sent them, so all is done."""
        self._service.drop(req.operationHandle)
        return ttypes.TCancelOperationResp(status=_OK)

    def CloseOperation(self, req: Any) -> Any:  # noqa: N802
        """Forget an operation."""
        self._service.drop(req.operationHandle)
        return ttypes.TCloseOperationResp(status=_OK)

    def GetInfo(self, req: Any) -> Any:  # noqa: N802
        """What the server calls itself."""
        value = ttypes.TGetInfoValue(stringValue="Spark SQL")
        return ttypes.TGetInfoResp(status=_OK, infoValue=value)

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        """Every other call of the service: a clear refusal in that call's own answer type."""
        response = getattr(ttypes, f"T{name}Resp", None)
        if response is None:
            raise AttributeError(name)
        message = f"[UNSUPPORTED_FEATURE] {name} is not supported by the local workspace."
        return lambda req: response(status=_error(f"{message} SQLSTATE: 0A000", "0A000"))

    def _listed(self, req: Any, make: Callable[..., Result], response: Any) -> Any:
        session = self._service.session(req.sessionHandle, self._user)
        if session is None:
            return response(status=_invalid("session"))
        return self._run(req, lambda: make(self._warehouse, session, req), response)

    def _run(self, req: Any, action: Callable[[], Result], response: Any) -> Any:
        operation = Operation(self._user, arrow=bool(getattr(req, "canReadArrowResult", True)))
        try:
            operation.result = action()
            wanted = getattr(req, "useArrowNativeTypes", None)
            operation.table = columns.wire_table(operation.result.table, wanted)
        except SqlError as error:
            operation.error = error
        handle = self._service.keep(operation)
        direct = None
        if req.getDirectResults:
            direct = self._direct(operation, req.getDirectResults.maxRows, handle)
        return response(status=_OK, operationHandle=handle, directResults=direct)

    def _direct(self, operation: Operation, max_rows: int, handle: Any) -> Any:
        if operation.error is not None:
            self._service.drop(handle)
            return ttypes.TSparkDirectResults(
                operationStatus=_status(operation),
                closeOperation=ttypes.TCloseOperationResp(status=_OK),
            )
        results = ttypes.TSparkDirectResults(
            operationStatus=_status(operation),
            resultSetMetadata=_metadata(operation),
            resultSet=_fetch(operation, max_rows),
        )
        if not operation.has_more:
            self._service.drop(handle)
            results.closeOperation = ttypes.TCloseOperationResp(status=_OK)
        return results


def _fetch(operation: Operation, max_rows: int | None) -> Any:
    start = operation.fetched
    part = operation.table.slice(start, max_rows or None)
    operation.fetched += part.num_rows
    rows = ttypes.TRowSet(startRowOffset=start, rows=[])
    if operation.arrow:
        rows.arrowBatches = columns.arrow_batches(part, _BATCH_BYTES)
    else:
        rows.columns = columns.value_columns(part)
    return ttypes.TFetchResultsResp(status=_OK, hasMoreRows=operation.has_more, results=rows)


def _metadata(operation: Operation) -> Any:
    sets = ttypes.TSparkRowSetType
    return ttypes.TGetResultSetMetadataResp(
        status=_OK,
        schema=columns.table_schema(operation.table.schema),
        resultFormat=sets.ARROW_BASED_SET if operation.arrow else sets.COLUMN_BASED_SET,
        lz4Compressed=False,
        arrowSchema=operation.table.schema.serialize().to_pybytes() if operation.arrow else None,
        isStagingOperation=False,
    )


def _status(operation: Operation) -> Any:
    states = ttypes.TOperationState
    if operation.error is None:
        modified = operation.result.rows_modified
        return ttypes.TGetOperationStatusResp(
            status=_OK,
            operationState=states.FINISHED_STATE,
            hasResultSet=True,
            numModifiedRows=None if modified < 0 else modified,
        )
    return ttypes.TGetOperationStatusResp(
        status=_OK,
        operationState=states.ERROR_STATE,
        sqlState=operation.error.sqlstate,
        errorMessage=str(operation.error),
        displayMessage=str(operation.error),
        hasResultSet=False,
    )


def _arguments(sent: list[Any]) -> Any:
    """Thrift parameters as a dict (named) or a list (positional)."""
    read = [
        (
            item.name,
            parameters.value(
                item.type,
                item.value.stringValue if item.value else None,
                [(inner.type, inner.value) for inner in item.arguments or []],
            ),
        )
        for item in sent
    ]
    if any(name for name, _ in read):
        return dict(read)
    return [held for _, held in read]


def _handle() -> Any:
    return ttypes.THandleIdentifier(guid=uuid.uuid4().bytes, secret=uuid.uuid4().bytes)


def _error(message: str, sqlstate: str) -> Any:
    return ttypes.TStatus(
        statusCode=ttypes.TStatusCode.ERROR_STATUS, errorMessage=message, sqlState=sqlstate
    )


def _invalid(what: str) -> Any:
    return ttypes.TStatus(
        statusCode=ttypes.TStatusCode.INVALID_HANDLE_STATUS,
        errorMessage=f"[INVALID_HANDLE] The {what} is not open on this warehouse. SQLSTATE: HY000",
        sqlState="HY000",
    )
