"""The language host's process: a port, many threads, and an end with the engine's."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from databricks_alerts.engine.callbacks import CHANNEL_OPTIONS
from databricks_alerts.engine.language_runtime.service import LanguageService
from databricks_alerts.engine.plugin_process import end_on_signals, end_with_engine

_THREADS = 64
_GRACE_SECONDS = 1.0


def version() -> str:
    """The host's version is that of the SDK beside it, as Pulumi's own are released together."""
    return metadata.version("pulumi")


def listening(service: LanguageService) -> tuple[grpc.Server, int]:
    """A running server of the service, and its port on loopback."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="request"),
        options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(service, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def run(engine: str) -> None:
    """Serve until the engine at this address ends or a signal comes. Does not return."""
    service = LanguageService(version(), engine, dict(os.environ))
    server, port = listening(service)
    ended = threading.Event()
    end_on_signals(ended.set)
    # What programs print follows on the same stream; the engine shows it.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    if engine:
        end_with_engine(ended.set)
    ended.wait()
    service.stop()
    server.stop(_GRACE_SECONDS).wait()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that still read a program's output would hold the interpreter back.
    os._exit(0)
