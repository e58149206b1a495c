"""Code of the program that engines call around the steps of a resource."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi

Hook = pulumi.ResourceHook


@dataclass(frozen=True)
class Hooks:
    """Hooks by the moment of their call: `before` and `done` of creates and updates, `failed`."""

    before: tuple[Hook, ...] = ()
    done: tuple[Hook, ...] = ()
    failed: tuple[pulumi.ErrorHook, ...] = ()

    def with_first(self, hook: Hook) -> Hooks:
        """These hooks, and one that is called before any other."""
        return replace(self, before=(hook, *self.before))

    def binding(self) -> pulumi.ResourceHookBinding | None:
        """As a resource's options take them; None for none."""
        if not (self.before or self.done or self.failed):
            return None
        return pulumi.ResourceHookBinding(
            before_create=list(self.before),
            before_update=list(self.before),
            after_create=list(self.done),
            after_update=list(self.done),
            on_error=list(self.failed),
        )
