"""Errors as gRPC statuses, of which the engine makes more than their text.

Unknown, Internal and DataLoss tell it that nobody knows what became of the resource
(resourceStateAndError in pkg/resource/plugin/provider_plugin.go), so a refusal must be none of
them. ErrorResourceInitFailed among the details says that the resource exists all the same.
"""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from databricks_alerts.engine import wire
from databricks_alerts.engine.providers.base import ProviderError

_DETAILS = "grpc-status-details-bin"
_Method = TypeVar("_Method", bound=Callable[..., Any])


class RequestError(Exception):
    """A request that never reached the provider; `code` says why."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def answering(method: _Method) -> _Method:
    """A method of the service whose errors become statuses."""

    @functools.wraps(method)
    def answer(service: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(service, request, context)
        except RequestError as error:
            context.abort(error.code, str(error))
        except ProviderError as error:
            _refuse(context, error)
        except Exception as error:  # noqa: BLE001 - a bug: say so with its place, and serve on
            traceback.print_exc(file=sys.stderr)
            text = f"{type(error).__name__} in the databricks provider's {method.__name__}"
            context.abort(grpc.StatusCode.INTERNAL, f"{text}: {error}")

    return answer  # type: ignore[return-value]


def _refuse(context: grpc.ServicerContext, error: ProviderError) -> None:
    code = grpc.StatusCode.FAILED_PRECONDITION
    if not error.outcome_known:
        code = grpc.StatusCode.UNKNOWN
    if error.partial is not None:
        context.set_trailing_metadata([(_DETAILS, _partial(code, error))])
    context.abort(code, str(error))


def _partial(code: grpc.StatusCode, error: ProviderError) -> bytes:
    assert error.partial is not None
    identifier, outputs = error.partial
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=identifier, properties=wire.to_struct(outputs), reasons=[str(error)]
        )
    )
    number: int = code.value[0]
    status = status_pb2.Status(code=number, message=str(error), details=[detail])
    serialized: bytes = status.SerializeToString()
    return serialized
