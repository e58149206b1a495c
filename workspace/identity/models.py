"""Users and tokens."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from workspace.errors import ApiError
from workspace.store import Store

ADMIN = "admin@local.test"


@dataclass(frozen=True)
class User:
    """A user or service principal; `name` is the e-mail address or application id."""

    id: str
    name: str
    admin: bool
    service_principal: bool = False


class Directory:
    """Users and the tokens that speak for them; tokens are kept as hashes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        if self.find(ADMIN) is None:
            self.add(ADMIN, admin=True)

    def add(self, name: str, *, admin: bool = False, service_principal: bool = False) -> User:
        """Add a user; the same name twice is the same user, with the new rights."""
        known = self.find(name)
        number = known.id if known else str(10**15 + len(self._store.all("user")))
        user = User(number, name, admin, service_principal)
        self._store.put("user", name, vars(user))
        return user

    def find(self, name: str) -> User | None:
        """A user by name."""
        document = self._store.get("user", name)
        return User(**document) if document else None

    def is_admin(self, name: str) -> bool:
        """Whether a user of that name administers the workspace."""
        user = self.find(name)
        return user is not None and user.admin

    def new_token(self, name: str) -> str:
        """A new bearer token of a user."""
        token = f"dapi{secrets.token_hex(16)}"
        self.keep_token(name, token)
        return token

    def keep_token(self, name: str, token: str) -> None:
        """Let a token speak for a user."""
        self._store.put("token", _digest(token), {"user": name})

    def authenticate(self, authorization: str) -> User:
        """The user of an Authorization header. Raises ApiError 401."""
        scheme, _, token = authorization.partition(" ")
        document = self._store.get("token", _digest(token.strip()))
        user = self.find(document["user"]) if document else None
        if scheme.lower() != "bearer" or user is None:
            raise ApiError(
                401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type."
            )
        return user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
