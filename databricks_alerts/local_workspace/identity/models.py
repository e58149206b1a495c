"""Users, service principals and groups."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from databricks_alerts.local_workspace.errors import ApiError, invalid, missing, taken
from databricks_alerts.local_workspace.identity.tokens import Tokens
from databricks_alerts.local_workspace.store import Store

ADMIN = "admin@local.test"
ADMINS = "admins"
USERS = "users"
_BUILT_IN = {USERS: "1", ADMINS: "2"}
ACCOUNT_USERS = "account users"
_FIRST_ID = 10**15


@dataclass(frozen=True)
class User:
    """A user or service principal; `name` is the e-mail address or application id."""

    id: str
    name: str
    admin: bool
    service_principal: bool = False
    display_name: str = ""


@dataclass(frozen=True)
class Group:
    """A group and the names of its members."""

    id: str
    name: str
    members: tuple[str, ...] = ()


class Directory:
    """Who there is, and the tokens that speak for them; safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.tokens = Tokens(store)
        if self.find(ADMIN) is None:
            self.add(ADMIN, admin=True)

    def add(
        self,
        name: str,
        *,
        admin: bool = False,
        service_principal: bool = False,
        display_name: str = "",
    ) -> User:
        """Add a user; the same name twice is the same user, with the new rights."""
        with self._store.transaction():
            known = self.find(name)
            number = known.id if known else self._next_id()
            user = User(number, name, admin, service_principal, display_name or name)
            self._store.put("user", name, asdict(user))
        return user

    def add_service_principal(self, display_name: str, *, admin: bool = False) -> User:
        """A new service principal; its name is its application id."""
        name = str(uuid.uuid4())
        return self.add(name, admin=admin, service_principal=True, display_name=display_name)

    def find(self, name: str) -> User | None:
        """A user by name."""
        document = self._store.get("user", name)
        return User(**document) if document else None

    def users(self, *, service_principals: bool) -> list[User]:
        """All users, or all service principals, oldest first."""
        found = [User(**document) for document in self._store.all("user")]
        return [user for user in found if user.service_principal == service_principals]

    def remove(self, name: str) -> None:
        """Forget a user; the tokens die with it. The workspace's first admin stays."""
        if name == ADMIN:
            raise invalid(f"{ADMIN} cannot be removed: the local workspace runs as this user.")
        with self._store.transaction():
            self._store.delete("user", name)
            self.tokens.forget(name)
            for group in self.groups():
                if name in group.members:
                    rest = tuple(member for member in group.members if member != name)
                    self._keep(Group(group.id, group.name, rest))

    def is_admin(self, name: str) -> bool:
        """Whether a user of that name administers the workspace."""
        user = self.find(name)
        return user is not None and user.admin

    def groups(self) -> list[Group]:
        """All groups but the two built-in ones, oldest first."""
        found = self._store.all("group")
        return [Group(item["id"], item["name"], tuple(item["members"])) for item in found]

    def has_group(self, name: str) -> bool:
        """Whether there is a group of that name, built-in ones included."""
        return name in _BUILT_IN or self._store.get("group", name) is not None

    def add_group(self, name: str, members: tuple[str, ...] = ()) -> Group:
        """A new group. Raises ApiError for a taken name or unknown member."""
        with self._store.transaction():
            if self.has_group(name):
                raise taken(f"Group with name {name} already exists.")
            return self._keep(Group(self._next_id(), name, self._known(members)))

    def set_members(self, name: str, members: tuple[str, ...]) -> Group:
        """Replace a group's members. Raises ApiError for an unknown group or member."""
        with self._store.transaction():
            document = self._store.get("group", name)
            if document is None:
                raise missing(f"Group {name} does not exist, or is built in.")
            return self._keep(Group(document["id"], name, self._known(members)))

    def remove_group(self, name: str) -> None:
        """Forget a group; who was in it stays."""
        self._store.delete("group", name)

    def groups_of(self, user: User) -> dict[str, str]:
        """The names and ids of the groups that a user belongs to."""
        built_in = {name: key for name, key in _BUILT_IN.items() if name == USERS or user.admin}
        own = {group.name: group.id for group in self.groups() if user.name in group.members}
        return built_in | own

    def is_member(self, function: str, name: str, group: str) -> bool:
        """What `is_member` and `is_account_group_member` answer a user of SQL.

        A workspace's own `users` and `admins` are no groups of the account, which has
        `account users` in their place.
        """
        user = self.find(name)
        if user is None:
            return False
        found = set(self.groups_of(user))
        if function == "is_account_group_member":
            found = found - set(_BUILT_IN) | {ACCOUNT_USERS}
        return group in found

    def new_token(self, name: str) -> str:
        """A new bearer token of a user."""
        return self.tokens.new(name)

    def keep_token(self, name: str, token: str) -> None:
        """Let a token speak for a user."""
        self.tokens.keep(name, token)

    def authenticate(self, authorization: str) -> User:
        """The user of an Authorization header. Raises ApiError 401."""
        scheme, _, token = authorization.partition(" ")
        name = self.tokens.user_of(token.strip())
        user = self.find(name) if name else None
        if scheme.lower() != "bearer" or user is None:
            raise ApiError(
                401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type."
            )
        return user

    def _known(self, members: tuple[str, ...]) -> tuple[str, ...]:
        for member in members:
            if self.find(member) is None:
                raise missing(f"User {member[:80]} does not exist.")
        return tuple(dict.fromkeys(members))

    def _keep(self, group: Group) -> Group:
        self._store.put("group", group.name, asdict(group))
        return group

    def _next_id(self) -> str:
        known = [item["id"] for kind in ("user", "group") for item in self._store.all(kind)]
        return str(max([_FIRST_ID - 1, *(int(number) for number in known)]) + 1)
