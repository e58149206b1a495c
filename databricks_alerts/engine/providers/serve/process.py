"""The plugin's process: a port, many threads, and an end with the engine's."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from databricks_alerts.engine.callbacks import CHANNEL_OPTIONS
from databricks_alerts.engine.plugin_process import end_on_signals, end_with_engine
from databricks_alerts.engine.providers.databricks import DatabricksProvider
from databricks_alerts.engine.providers.databricks.package_schema import (
    package_schema,
    stable_properties,
)
from databricks_alerts.engine.providers.serve.engine_log import EngineLog
from databricks_alerts.engine.providers.serve.service import Package, ProviderService

# More than the CLI has under way by default, 4 a processor; made only as they are needed.
_THREADS = 256
# The CLI kills a plugin 5 seconds after it asked it to end.
_GRACE_SECONDS = 4.0


def listening(service: ProviderService) -> tuple[grpc.Server, int]:
    """A running server of the service, and its port on loopback."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="request"),
        options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def run(version: str, arguments: Sequence[str]) -> None:
    """Serve until the engine ends or a signal comes. Does not return."""
    log = EngineLog()
    logging.getLogger().addHandler(log)
    logging.getLogger("databricks_alerts.engine").setLevel(logging.DEBUG)
    # The CLI's own flags (`-v=9`, `--logtostderr`, `--tracing ENDPOINT`) stand before the address.
    address = arguments[-1] if arguments and not arguments[-1].startswith("-") else ""
    log.connect(address)
    package = Package("databricks", version, DatabricksProvider, package_schema, stable_properties)
    service = ProviderService(package, log)
    server, port = listening(service)
    ended = threading.Event()
    end_on_signals(ended.set)
    _announce(port)
    if address:
        end_with_engine(ended.set)
    ended.wait()
    service.cancel()
    server.stop(_GRACE_SECONDS).wait()
    sys.stderr.flush()
    # Threads that still wait for the workspace would hold the interpreter back.
    os._exit(0)


def _announce(port: int) -> None:
    """Print the port, and let nothing else reach standard output, which is the engine's to read."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    os.dup(sys.stdout.fileno())  # stays open: an engine may take its end for the plugin's
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
