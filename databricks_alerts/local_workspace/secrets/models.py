"""Secret scopes: values that the API gives to those who may read, and lists never show."""

from __future__ import annotations

import base64
import binascii
import re
import time
from typing import Any

from databricks_alerts.local_workspace.errors import ApiError, forbidden, invalid, missing, taken
from databricks_alerts.local_workspace.identity.models import Directory, User
from databricks_alerts.local_workspace.store import Document, Store

SCOPE, SECRET = "secret_scope", "secret"
LEVELS = ("READ", "WRITE", "MANAGE")
_NAME = re.compile(r"[A-Za-z0-9_.@/-]{1,128}")
_MOST = 128 * 1024  # bytes of a value, as Databricks documents


class Secrets:
    """Scopes, their secrets and who may what. A scope's maker manages it."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def create_scope(self, user: User, name: str, everybody: bool) -> None:
        """A new scope; with `everybody` all users manage it. Raises ApiError."""
        _require_name("scope", name)
        with self._store.transaction():
            if self._store.get(SCOPE, name) is not None:
                raise taken(f"Scope {name} already exists!")
            acls = {user.name: "MANAGE"} | ({"users": "MANAGE"} if everybody else {})
            self._store.put(SCOPE, name, {"name": name, "acls": acls})

    def scopes(self, user: User) -> list[str]:
        """The names of the scopes that a user may read."""
        every = self._store.all(SCOPE)
        return [scope["name"] for scope in every if self._level(user, scope) >= 1]

    def delete_scope(self, user: User, name: str) -> None:
        """Delete a scope and what is in it. Raises ApiError."""
        with self._store.transaction():
            self._scope(user, name, "MANAGE")
            self._store.delete_where(SECRET, lambda secret: secret["scope"] == name)
            self._store.delete(SCOPE, name)

    def put(self, user: User, scope: str, key: str, value: bytes) -> None:
        """Write a secret. Raises ApiError."""
        self._scope(user, scope, "WRITE")
        _require_name("key", key)
        if len(value) > _MOST:
            raise ApiError(400, "RESOURCE_LIMIT_EXCEEDED", f"A secret holds at most {_MOST} bytes.")
        document = {
            "scope": scope,
            "key": key,
            "value": base64.b64encode(value).decode(),
            "last_updated_timestamp": int(time.time() * 1000),
        }
        self._store.put(SECRET, f"{scope}\n{key}", document)

    def get(self, user: User, scope: str, key: str) -> Document:
        """A secret with its value in base64. Raises ApiError."""
        self._scope(user, scope, "READ")
        return self._secret(scope, key)

    def keys(self, user: User, scope: str) -> list[Document]:
        """The keys of a scope, without values. Raises ApiError."""
        self._scope(user, scope, "READ")
        shown = ("key", "last_updated_timestamp")
        found = [item for item in self._store.all(SECRET) if item["scope"] == scope]
        return [{name: item[name] for name in shown} for item in found]

    def delete(self, user: User, scope: str, key: str) -> None:
        """Delete a secret. Raises ApiError."""
        self._scope(user, scope, "WRITE")
        self._secret(scope, key)
        self._store.delete(SECRET, f"{scope}\n{key}")

    def acls(self, user: User, scope: str) -> dict[str, str]:
        """Who has which level. Raises ApiError."""
        return dict(self._scope(user, scope, "MANAGE")["acls"])

    def set_acl(self, user: User, scope: str, principal: str, level: str | None) -> None:
        """Give a principal a level, or with None take it away. Raises ApiError."""
        if level is not None and level not in LEVELS:
            raise invalid(f"permission must be one of {', '.join(LEVELS)}.")
        with self._store.transaction():
            document = self._scope(user, scope, "MANAGE")
            acls = {name: held for name, held in document["acls"].items() if name != principal}
            if level is not None:
                self._require_principal(principal)
                acls[principal] = level
            elif principal not in document["acls"]:
                raise missing(f"There is no access control for {principal[:80]} on {scope}.")
            self._store.put(SCOPE, scope, {**document, "acls": acls})

    def _require_principal(self, name: str) -> None:
        if self._directory.find(name) is None and not self._directory.has_group(name):
            raise missing(f"Principal {name[:80]} does not exist.")

    def _scope(self, user: User, name: str, needed: str) -> Document:
        document = self._store.get(SCOPE, name)
        if document is None:
            raise missing(f"Scope {name[:128]} does not exist!")
        if self._level(user, document) <= LEVELS.index(needed):
            raise forbidden(f"User {user.name} does not have {needed} permission on scope {name}.")
        return document

    def _secret(self, scope: str, key: str) -> Document:
        document = self._store.get(SECRET, f"{scope}\n{key}")
        if document is None:
            raise missing(f"No secret exists with scope: {scope} and key: {key[:128]}")
        return document

    def _level(self, user: User, scope: Document) -> int:
        """How many of LEVELS a user has on a scope."""
        if user.admin:
            return len(LEVELS)
        who = {user.name, *self._directory.groups_of(user)}
        held = [level for name, level in scope["acls"].items() if name in who]
        return max((LEVELS.index(level) + 1 for level in held), default=0)


def value_of(body: dict[str, Any]) -> bytes:
    """The value of a put: exactly one of string_value and bytes_value (base64)."""
    text, encoded = body.get("string_value"), body.get("bytes_value")
    if (text is None) == (encoded is None):
        raise invalid("Exactly one of string_value and bytes_value must be given.")
    value = encoded if text is None else text
    if not isinstance(value, str):
        raise invalid("A secret's value must be a string.")
    try:
        return value.encode() if text is not None else base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("The value cannot be decoded.") from error


def _require_name(what: str, name: Any) -> None:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise invalid(f"{what} must be 1 to 128 letters, digits or _.@/-")
