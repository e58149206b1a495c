"""Errors in Databricks' own form, and those of the process that serves the workspace.

ApiError                    becomes {"error_code", "message", "details"} with an HTTP status
WorkspaceProcessError       the local workspace does not start, stop or answer
"""

from __future__ import annotations

import uuid
from typing import Any


class ApiError(Exception):
    """A refusal that a client sees; `status` is the HTTP status, `retry_after` seconds."""

    def __init__(
        self, status: int, error_code: str, message: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status
        self.error_code = error_code
        self.message = message

    def body(self) -> dict[str, Any]:
        """The JSON that Databricks' APIs answer with."""
        return error_body(self.error_code, self.message)


def error_body(error_code: str, message: str) -> dict[str, Any]:
    """An error object as every Databricks API answers it ("Errors" in the API reference)."""
    request = {
        "@type": "type.googleapis.com/google.rpc.RequestInfo",
        "request_id": str(uuid.uuid4()),
        "serving_data": "",
    }
    return {"error_code": error_code, "message": message, "details": [request]}


def invalid(message: str) -> ApiError:
    """A request whose values cannot be taken."""
    return ApiError(400, "INVALID_PARAMETER_VALUE", message)


def malformed(message: str) -> ApiError:
    """A request that cannot be read."""
    return ApiError(400, "MALFORMED_REQUEST", message)


def missing(what: str) -> ApiError:
    """Something that is not there."""
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", what)


def taken(message: str) -> ApiError:
    """Something that is there already."""
    return ApiError(400, "RESOURCE_ALREADY_EXISTS", message)


def forbidden(message: str) -> ApiError:
    """Something that this user may not do."""
    return ApiError(403, "PERMISSION_DENIED", message)


class WorkspaceProcessError(Exception):
    """The local workspace does not start, stop or answer; the text says what to do."""
