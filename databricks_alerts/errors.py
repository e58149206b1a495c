"""What can go wrong, drawn as a tree.

AlertsError                 a person reads `str(error)`: what, where, what to do
├── ConfigurationError      a stack's configuration, a pack, an option  (exit status 2)
├── TableError              a table or a row that cannot be read as what it should be
├── WorkspaceError          the workspace does not answer, or refuses us
│   ├── AuthenticationError host, token or profile is wrong
│   ├── WarehouseError      a SQL statement failed for no fault of a rule
│   └── SecretError         a secret does not exist, or the identity may not read it
├── ValidationError         rules are invalid and onInvalid is `fail`
└── GuardError              a guard stopped the run before anything changed
"""

from __future__ import annotations


class AlertsError(Exception):
    """Base of all errors that we raise on purpose; `exit_status` is what the command returns."""

    exit_status = 1


class ConfigurationError(AlertsError):
    """A stack's configuration, a pack or an option is wrong.

    `commands` put it right, where some do.
    """

    exit_status = 2

    def __init__(self, message: str, *, commands: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.commands = commands


class TableError(AlertsError):
    """A table is missing or a row in it is not what it should be."""


class WorkspaceError(AlertsError):
    """The workspace does not answer, or answers that it will not."""


class AuthenticationError(WorkspaceError):
    """Host, token or profile is missing or wrong."""


class WarehouseError(WorkspaceError):
    """A statement failed on the warehouse for no fault of a rule.

    `condition` is Databricks' error condition (e.g. TABLE_OR_VIEW_NOT_FOUND), `sqlstate` its
    SQLSTATE; both empty when the answer had none.
    """

    def __init__(self, message: str, *, condition: str = "", sqlstate: str = "") -> None:
        super().__init__(message)
        self.condition = condition
        self.sqlstate = sqlstate


class SecretError(WorkspaceError):
    """A secret scope or key does not exist, may not be read, or holds no text.

    `commands` make it readable, one a line of a shell.
    """

    def __init__(self, message: str, *, commands: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.commands = commands


class ValidationError(AlertsError):
    """Rules are invalid and the stack says `onInvalid: fail`."""


class GuardError(AlertsError):
    """A guard stopped the run before anything changed."""
