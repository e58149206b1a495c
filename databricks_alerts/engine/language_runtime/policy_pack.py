"""`RunPlugin` for policy packs: a Python program that serves pulumirpc.Analyzer.

A pack reads its stack's name and configuration from environment variables, but the engine sends
them in a request, ConfigureStack. So a server of ours stands in front of the pack: it starts the
pack when that request arrives, and forwards it and all later ones unchanged. An engine that sends
none (`pulumi policy publish`) starts the pack by its first question.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import IO, Any

import grpc
from pulumi.runtime.proto import analyzer_pb2, language_pb2

from databricks_alerts.engine.callbacks import CHANNEL_OPTIONS
from databricks_alerts.engine.language_runtime.toolchain import Toolchain

_SERVICE = "/pulumirpc.Analyzer/"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_THREADS = 64


def run_policy_pack(
    request: Any,
    context: Any,
    toolchain: Toolchain,
    stopped_with_us: Callable[[Callable[[], None]], AbstractContextManager[None]],
) -> Iterator[Any]:
    """Serve the pack until the engine ends the request or the pack ends; yields its output."""
    pack = PolicyPack(
        [*request.args, request.info.program_directory],
        toolchain,
        dict(entry.split("=", 1) for entry in request.env if "=" in entry),
    )
    context.add_callback(pack.stop)
    with stopped_with_us(pack.stop):
        try:
            yield language_pb2.RunPluginResponse(stdout=f"{pack.listen()}\n".encode())
            for stream, line in iter(pack.output.get, None):
                if stream == "stdout":
                    yield language_pb2.RunPluginResponse(stdout=line)
                else:
                    yield language_pb2.RunPluginResponse(stderr=line)
        finally:
            pack.stop()
    yield language_pb2.RunPluginResponse(exitcode=pack.status)


class PolicyPack(grpc.GenericRpcHandler):  # type: ignore[misc]
    """A pack's process and the server in front of it.

    `output` gives (`stdout` or `stderr`, bytes) as they come, None when nothing will follow.
    """

    def __init__(
        self, arguments: list[str], toolchain: Toolchain, environment: Mapping[str, str]
    ) -> None:
        self.output: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._command = [str(toolchain.interpreter), "-u", "-m", "pulumi.policy", *arguments]
        self._folder = toolchain.program
        self._environment = {**toolchain.environment(os.environ), **environment}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: grpc.Channel | None = None
        self._stopped = threading.Event()
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="analyzer"),
            handlers=[self],
            options=[*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)],
        )

    @property
    def status(self) -> int:
        """The exit status of the pack; 0 where it was never started."""
        return (self._process.poll() or 0) if self._process is not None else 0

    def listen(self) -> int:
        """Serve; answers the port."""
        port: int = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return port

    def stop(self) -> None:
        """End the pack and the server; safe to call more than once."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # A request that waits for the pack still gets its own answer, which says what is wrong:
        # without the pack it needs no longer than it takes to send it.
        self._server.stop(_STOP_SECONDS).wait()
        self.output.put(None)

    def service(self, details: Any) -> Any:
        """The handler of a method (gRPC's name): bytes in, bytes out."""
        method: str = details.method
        if not method.startswith(_SERVICE):
            return None

        def hand_on(request: bytes, context: Any) -> bytes:
            if method == _SERVICE + "Handshake":
                # The pack is not there yet, and learns the engine's address by its arguments.
                return b""
            try:
                channel = self._started(_stack_variables(method, request))
                call = channel.unary_unary(method)
                answer: bytes = call(request)
            except _NotStartedError as error:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            return answer

        return grpc.unary_unary_rpc_method_handler(hand_on)

    def _started(self, variables: Mapping[str, str]) -> grpc.Channel:
        with self._lock:
            if self._channel is None:
                self._channel = grpc.insecure_channel(
                    f"127.0.0.1:{self._start(variables)}", options=CHANNEL_OPTIONS
                )
            return self._channel

    def _start(self, variables: Mapping[str, str]) -> int:
        """Start the pack; answers its port."""
        if self._process is not None or self._stopped.is_set():
            raise _NotStartedError(f"the policy pack in {self._folder} has ended")
        try:
            process = self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={**self._environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise _NotStartedError(f"cannot start {self._command[0]}: {error.strerror}") from error
        assert process.stdout is not None
        assert process.stderr is not None
        port: queue.Queue[bytes] = queue.Queue()
        self._read("stderr", process.stderr)
        self._read("stdout", process.stdout, first=port)
        try:
            line = port.get(timeout=_START_SECONDS).strip()
        except queue.Empty:
            line = b""
        if not line.isdigit():
            raise _NotStartedError(
                f"the policy pack in {self._folder} did not start; see its messages. Are its "
                "requirements installed (`pulumi policy install`)?"
            )
        return int(line)

    def _read(self, name: str, stream: IO[bytes], first: queue.Queue[bytes] | None = None) -> None:
        def read() -> None:
            with stream:
                if first is not None:
                    first.put(stream.readline())
                for line in stream:
                    self.output.put((name, line))
            if first is not None:
                # The pack has ended by itself.
                self.stop()

        threading.Thread(target=read, name=f"pack-{name}", daemon=True).start()


class _NotStartedError(Exception):
    """The pack cannot answer; says why."""


def _stack_variables(method: str, request: bytes) -> dict[str, str]:
    """What a pack finds its stack by, out of a ConfigureStack request."""
    if method != _SERVICE + "ConfigureStack":
        return {}
    stack = analyzer_pb2.AnalyzerStackConfigureRequest.FromString(request)
    variables = {
        "PULUMI_ORGANIZATION": stack.organization,
        "PULUMI_PROJECT": stack.project,
        "PULUMI_STACK": stack.stack,
        "PULUMI_DRY_RUN": "true" if stack.dry_run else "false",
        "PULUMI_CONFIG": json.dumps(dict(stack.config)),
    }
    return {name: value for name, value in variables.items() if value}
