"""The engine as the command line sees it: one object a stack, one method an operation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ProjectError

if TYPE_CHECKING:
    from engine.options import DeploymentOptions, DeploymentResult, ProviderLoader, Sink


class Engine:
    """Runs a project's program against one stack.

    `backend_url` overrides PULUMI_BACKEND_URL and Pulumi.yaml. `passphrase` opens the stack's
    secrets. `environment` is what the program sees. Making an Engine reads the project files only.
    Raises ProjectError when they are wrong.
    """

    def __init__(
        self,
        project_dir: Path,
        stack: str,
        *,
        backend_url: str | None = None,
        passphrase: str = "",
        environment: Mapping[str, str] | None = None,
        provider_loader: ProviderLoader | None = None,
    ) -> None:
        if not (project_dir / "Pulumi.yaml").is_file():
            raise ProjectError(f"there is no Pulumi.yaml in {project_dir}")
        self.stack = stack
        self.backend_url = backend_url
        self._passphrase = passphrase
        self._environment = dict(environment or {})
        self._provider_loader = provider_loader

    def preview(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """What `up` would do; writes nothing."""
        raise NotImplementedError

    def up(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Run the program and make the workspace what it declares."""
        raise NotImplementedError

    def refresh(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Make the state what the workspace holds; runs no program."""
        raise NotImplementedError

    def destroy(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Delete every resource of the stack; runs no program."""
        raise NotImplementedError

    def cancel(self) -> None:
        """First call: finish what is in flight, save, end. Second: end at once. Signal-safe."""
        raise NotImplementedError
