"""What is heard of a workspace that ends, or answers nonsense, in the middle of an answer."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from databricks_alerts.local_workspace import client
from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.process import Running

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CUT_OFF = [
    b"",
    b"HTTP/1.1 2",
    b"nonsense\r\n\r\n",
    _HEAD + b"Content-Length: 373\r\n\r\n",
    _HEAD + b'Content-Length: 373\r\n\r\n{"faults": [',
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{",
    _HEAD + b"Content-Length: 4\r\n\r\nnope",
]


@contextmanager
def _answering(answer: bytes) -> Iterator[str]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("answer", _CUT_OFF)
def test_an_answer_that_is_cut_off_is_a_workspace_that_does_not_answer(
    tmp_path: Path, answer: bytes
) -> None:
    profile = tmp_path / "profile"
    profile.write_text("[local]\ntoken = dapi\n")
    with _answering(answer) as url, pytest.raises(WorkspaceProcessError, match="does not answer"):
        client.faults(Running(url, 1, "warehouse", profile, "sail"))
