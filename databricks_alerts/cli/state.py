"""The state's backend, by the rules that both engines share."""

from __future__ import annotations

import os
from pathlib import Path

from databricks_alerts.cli.context import StackContext
from databricks_alerts.engine import project as projects
from databricks_alerts.engine.state.backend import Backend, open_backend
from databricks_alerts.engine.state.secrets import passphrase_from
from databricks_alerts.engine.state.stack import StackStore


def open_backend_of(project_dir: Path) -> tuple[Backend, str]:
    """The project's backend (PULUMI_BACKEND_URL before Pulumi.yaml) and the project's name."""
    project = projects.load(project_dir)
    url = os.environ.get("PULUMI_BACKEND_URL") or project.backend_url
    return open_backend(url, project_dir), project.name


def open_store(context: StackContext) -> StackStore:
    """Where a stack's state is kept. Raises StateError and SecretsError."""
    project = projects.load(context.project_dir)
    backend, name = open_backend_of(context.project_dir)
    settings = projects.load_settings(project, context.stack)
    passphrase = passphrase_from(context.environment)
    return backend.stack(name, context.stack, passphrase=passphrase, salt=settings.encryption_salt)
