"""OAuth for machines: client credentials at /oidc/v1/token (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from databricks_alerts.local_workspace.identity.tokens import OAUTH_SECONDS
from databricks_alerts.local_workspace.wire import Call, answer, route


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        Route("/oidc/.well-known/oauth-authorization-server", _discovery),
        route("POST", "/oidc/v1/token", _token),
    ]


async def _discovery(request: Request) -> Response:
    base = f"{request.app.state.workspace.host}/oidc"
    return answer(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/v1/authorize",
            "token_endpoint": f"{base}/v1/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["all-apis"],
        }
    )


def _token(call: Call) -> Any:
    form = call.form()
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    client_id, secret = _client(call.header("authorization"), form)
    token = call.workspace.directory.tokens.exchange(client_id, secret)
    if token is None:
        return _refused(401, "invalid_client", "Client authentication failed.")
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": OAUTH_SECONDS,
        "scope": form.get("scope", "all-apis"),
    }


def _client(authorization: str, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret, from the header or else from the body."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _refused(status: int, error: str, description: str) -> Response:
    """Errors as RFC 6749, section 5.2, wants them."""
    return answer({"error": error, "error_description": description}, status)
