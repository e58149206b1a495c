"""Tokens and client secrets: kept as hashes, so that the store gives none away."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from databricks_alerts.local_workspace.store import Store

OAUTH_SECONDS = 3600


class Tokens:
    """Which token speaks for whom. `user` names are those of `Directory`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def new(self, user: str) -> str:
        """A new personal access token."""
        token = f"dapi{secrets.token_hex(16)}"
        self.keep(user, token)
        return token

    def keep(self, user: str, token: str) -> None:
        """Let a token speak for a user."""
        self._store.put("token", _digest(token), {"user": user})

    def new_secret(self, user: str) -> str:
        """A client secret of a service principal, whose name is its client id."""
        secret = f"dose{secrets.token_hex(16)}"
        self._store.put("client_secret", _digest(secret), {"user": user})
        return secret

    def exchange(self, client_id: str, client_secret: str) -> str | None:
        """An access token for an hour, for a client id and its secret; None if they are wrong."""
        document = self._store.get("client_secret", _digest(client_secret))
        if document is None or not hmac.compare_digest(
            document["user"].encode(), client_id.encode("utf-8", "replace")
        ):
            return None
        self._drop_expired()
        token = secrets.token_urlsafe(48)
        expires = time.time() + OAUTH_SECONDS
        self._store.put("token", _digest(token), {"user": client_id, "expires": expires})
        return token

    def user_of(self, token: str) -> str | None:
        """Whom a token speaks for."""
        document = self._store.get("token", _digest(token))
        if document is None or document.get("expires", time.time() + 1) < time.time():
            return None
        return str(document["user"])

    def forget(self, user: str) -> None:
        """Revoke all that speaks for a user."""
        for kind in ("token", "client_secret"):
            self._store.delete_where(kind, lambda document: document["user"] == user)

    def _drop_expired(self) -> None:
        now = time.time()
        self._store.delete_where("token", lambda document: document.get("expires", now) < now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
