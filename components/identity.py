"""Which resource of the state a declaration means, where its name alone does not say it."""

from __future__ import annotations

import pulumi

from databricks_alerts.plan.decisions import Declared


def identity_of(declared: Declared) -> pulumi.ResourceOptions:
    """The import of what the state lacks, or the alias of what it holds under another name."""
    former: list[str | pulumi.Alias] = []
    if declared.former_key:
        former.append(pulumi.Alias(name=declared.former_key))
    if declared.former_urn:
        former.append(declared.former_urn)
    return pulumi.ResourceOptions(
        import_=declared.existing if declared.adopt else None, aliases=former
    )
