"""Resource names as Pulumi spells them.

`urn:pulumi:STACK::PROJECT::[PARENT_TYPE$]TYPE::NAME`; the root stack's type is left out of the
parent's part. A provider reference is `URN::ID`.
"""

from __future__ import annotations

import re

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, type_token: str, name: str) -> str:
    """The URN of a resource under `parent` (a URN, or empty)."""
    return with_parent_type(
        stack, project, qualified_type(parent) if parent else "", type_token, name
    )


def with_parent_type(stack: str, project: str, parent_type: str, type_token: str, name: str) -> str:
    """The URN of a resource whose parent has this qualified type (empty: none)."""
    if parent_type and parent_type != STACK_TYPE:
        type_token = f"{parent_type}${type_token}"
    return f"urn:pulumi:{stack}::{project}::{type_token}::{name}"


def root(stack: str, project: str) -> str:
    """The URN of the stack resource itself."""
    return make(stack, project, "", STACK_TYPE, f"{project}-{stack}")


def name_of(urn: str) -> str:
    """What the program called the resource; it may itself hold `::`."""
    return urn.split("::", 3)[3]


def qualified_type(urn: str) -> str:
    """The type with its parents' types, joined by `$`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type token."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def is_urn(text: str) -> bool:
    """Whether the text has the shape of a URN."""
    return text.startswith("urn:pulumi:") and text.count("::") >= 3


def is_provider_type(type_token: str) -> bool:
    """Whether the type is a package's provider, e.g. `pulumi:providers:databricks`."""
    return type_token.startswith(PROVIDER_PREFIX)


def package_of(type_token: str) -> str:
    """The package that serves a type: of `databricks:index/alertV2:AlertV2`, `databricks`."""
    if is_provider_type(type_token):
        return type_token.removeprefix(PROVIDER_PREFIX)
    return type_token.split(":", 1)[0]


def reference(urn: str, provider_id: str) -> str:
    """How a resource's state names its provider."""
    return f"{urn}::{provider_id}"


def split_reference(text: str) -> tuple[str, str]:
    """The URN and id of a provider reference."""
    urn, _, provider_id = text.rpartition("::")
    return urn, provider_id


def default_provider_name(version: str) -> str:
    """`default_1_118_0` for version 1.118.0, `default` without one."""
    return "default_" + re.sub(r"[^0-9A-Za-z_]", "_", version) if version else "default"


def is_default_provider(urn: str) -> bool:
    """Whether the URN is one of a provider that the engine made by itself."""
    return is_provider_type(type_of(urn)) and bool(re.match(r"default(_|$)", name_of(urn)))
