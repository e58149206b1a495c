"""/api/2.0/workspace-files/import-file, /api/2.0/workspace/import and export."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from databricks_alerts.local_workspace.alerts.definition import definition
from databricks_alerts.local_workspace.alerts.routes import require_alert
from databricks_alerts.local_workspace.errors import invalid
from databricks_alerts.local_workspace.files.models import Upload
from databricks_alerts.local_workspace.files.notebooks import notebook, recognized
from databricks_alerts.local_workspace.folders.models import Folders
from databricks_alerts.local_workspace.folders.paths import asked, normal
from databricks_alerts.local_workspace.wire import Call, boolean, route

_IMPORT_FILE = "/api/2.0/workspace-files/import-file/"
_FORMATS = ("AUTO", "RAW", "SOURCE")


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", f"{_IMPORT_FILE}{{path:path}}", _import_file),
        route("POST", "/api/2.0/workspace/import", _import),
        route("GET", "/api/2.0/workspace/export", _export),
    ]


def _import_file(call: Call) -> dict[str, Any]:
    upload = recognized(normal(call.url_path.removeprefix(_IMPORT_FILE)), call.body)
    overwrite = boolean(call.query("overwrite"), "overwrite")
    return _write(call, upload, overwrite=overwrite)


def _import(call: Call) -> dict[str, Any]:
    if call.header("content-type").startswith("multipart/"):
        raise invalid("The local workspace takes imports as JSON, their content in base64.")
    body = call.json()
    overwrite = body.get("overwrite", False)
    if not isinstance(overwrite, bool):
        raise invalid("overwrite must be true or false.")
    return _write(call, _upload(body), overwrite=overwrite)


def _export(call: Call) -> dict[str, Any] | Response:
    _format(call.query("format"))
    content = _content(call, asked(call.query("path")))
    if boolean(call.query("direct_download"), "direct_download"):
        return Response(content, media_type="application/octet-stream")
    return {"content": base64.b64encode(content).decode()}


def _content(call: Call, path: str) -> bytes:
    """What is at a path. Raises ApiError 404, 403 for an alert that the user may not read."""
    folders = Folders(call.workspace.store, call.user)
    key = folders.status(path).get("resource_id")
    if key is None:
        return folders.read(path)
    return definition(require_alert(call, "CAN_READ", key))


def _write(call: Call, upload: Upload, *, overwrite: bool) -> dict[str, Any]:
    moment = int(call.workspace.clock().timestamp() * 1000)
    folders = Folders(call.workspace.store, call.user)
    folders.write(upload, overwrite=overwrite, moment=moment)
    return {}


def _upload(body: dict[str, Any]) -> Upload:
    """What an import's body asks for. Raises ApiError."""
    path, wanted = normal(asked(body.get("path"))), _format(body.get("format"))
    language = body.get("language") or ""
    content = _decoded(body.get("content", ""))
    if wanted == "AUTO":
        return recognized(path, content)
    if wanted == "RAW":
        return Upload(path, content)
    return notebook(path, content, str(language))


def _format(value: Any) -> str:
    """The name of a format; SOURCE unless another is named. Raises ApiError."""
    name = value or "SOURCE"
    if name not in _FORMATS:
        raise invalid(
            f"The local workspace knows the formats {', '.join(_FORMATS)}, not {str(name)[:40]!r}."
        )
    return str(name)


def _decoded(content: Any) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise invalid("content must be base64.") from error
