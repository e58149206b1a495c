"""The loopback gRPC server that a program's SDK dials."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from databricks_alerts.engine.callbacks import CHANNEL_OPTIONS
from databricks_alerts.engine.errors import EngineError
from databricks_alerts.engine.monitor.log_service import LogService
from databricks_alerts.engine.monitor.service import MonitorService

# The SDK registers from 4 x parallel threads; logs and hooks come on top.
_THREADS_PER_STEP = 4
_SPARE_THREADS = 16


class MonitorServer:
    """A running server; `address` is what the program is told."""

    def __init__(self, monitor: MonitorService, log: LogService, parallel: int) -> None:
        workers = _THREADS_PER_STEP * max(1, parallel) + _SPARE_THREADS
        self._server = grpc.server(
            ThreadPoolExecutor(max_workers=workers, thread_name_prefix="monitor"),
            options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)],
        )
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, self._server)
        engine_pb2_grpc.add_EngineServicer_to_server(log, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        if not port:
            raise EngineError("cannot listen on a loopback port for the program")
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def stop(self) -> None:
        """Hang up."""
        self._server.stop(grace=1.0).wait()
