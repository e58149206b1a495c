"""Errors of ours as Pulumi shows them: the message, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from databricks_alerts.errors import AlertsError


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn our errors into pulumi.RunError, whose text is shown alone."""
    try:
        yield
    except AlertsError as error:
        raise pulumi.RunError(str(error)) from error
