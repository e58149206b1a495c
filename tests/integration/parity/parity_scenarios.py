"""What both engines must do alike: small programs before and after a change.

The scenarios of `TOGETHER` are parts of one program, as each touches resources of its own (their
names begin with the scenario's); a `Play` has its runs for itself, since it fails, needs flags or
is changed from outside between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from parity_stage import Stage

from databricks_alerts.engine.options import DeploymentOptions

URN = "urn:pulumi:test::parity::databricks:index/alertV2:AlertV2::"


@dataclass(frozen=True)
class Scenario:
    """A part of a program, before and after."""

    before: str
    after: str


# Names of resources begin with their scenario's.
TOGETHER = {
    "create": Scenario("", 'alert("create-one")'),
    "same": Scenario('alert("same-one")', 'alert("same-one")'),
    "update": Scenario(
        'alert("update-one"); alert("update-many")',
        'alert("update-one", query="SELECT 2 AS value")\n'
        'alert("update-many", title="update-many 2", value=7.5, cron="0 0 9 * * ?", summary="s")',
    ),
    "replace": Scenario('alert("replace-one")', 'alert("replace-one", folder=OTHER)'),
    "delete-before-replace": Scenario(
        'alert("delete-before-replace-one", delete_before_replace=True)',
        'alert("delete-before-replace-one", folder=OTHER, delete_before_replace=True)',
    ),
    "replace-on-changes": Scenario(
        'alert("replace-on-changes-one", replace_on_changes=["queryText"])',
        'alert("replace-on-changes-one", title="replace-on-changes 2", query="SELECT 2 AS value",'
        ' replace_on_changes=["queryText"])',
    ),
    "replacement-trigger": Scenario(
        'alert("replacement-trigger-one", replacement_trigger="a")',
        'alert("replacement-trigger-one", title="replacement-trigger 2", replacement_trigger="b")',
    ),
    "delete": Scenario('alert("delete-one"); alert("delete-two")', ""),
    "delete-in-order": Scenario(
        'first = destination("delete-in-order-destination")\n'
        'alert("delete-in-order-alert", tells=[first])',
        "",
    ),
    "retain-on-delete": Scenario('alert("retain-on-delete-one", retain_on_delete=True)', ""),
    "rename-of-key": Scenario(
        'alert("rename-of-key-old")',
        'alert("rename-of-key-new", title="rename-of-key-old",'
        ' aliases=[pulumi.Alias(name="rename-of-key-old")])',
    ),
    "alias-of-parent": Scenario(
        'alert("alias-of-parent-one")',
        'group = Group("alias-of-parent-group")\n'
        'alert("alias-of-parent-one", parent=group,'
        " aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)])",
    ),
    "component": Scenario(
        'group = Group("component-group"); alert("component-one", parent=group)',
        'group = Group("component-group"); alert("component-two", parent=group)',
    ),
    "import": Scenario("", 'alert("import-one", import_=IDS["import-one"])'),
    "import-and-update": Scenario(
        "",
        'alert("import-and-update-one", query="SELECT 3 AS value",'
        ' import_=IDS["import-and-update-one"])',
    ),
    "hold": Scenario(
        'alert("hold-one")',
        'alert("hold-one", query="SELECT broken", ignore_changes=["*"])',
    ),
    "ignore-changes": Scenario(
        'alert("ignore-changes-one")',
        'alert("ignore-changes-one", query="SELECT 2 AS value", title="ignore-changes-one 2",'
        ' ignore_changes=["queryText"])',
    ),
    "protect": Scenario('alert("protect-one")', 'alert("protect-one", protect=True)'),
    "permissions": Scenario(
        'permitted = alert("permissions-one")\n'
        'permissions("permissions-of-one", permitted, "CAN_RUN")\n'
        'alert("permissions-two")',
        'permitted = alert("permissions-one")\n'
        'permissions("permissions-of-one", permitted, "CAN_EDIT")\n'
        'permissions("permissions-of-two", alert("permissions-two"), "CAN_RUN")',
    ),
    "secrets": Scenario(
        'webhook("secrets-one", pulumi.Output.secret("https://example.com/a"))\n'
        'webhook("secrets-two", pulumi.Config().require_secret("url"))',
        'webhook("secrets-one", pulumi.Output.secret("https://example.com/b"))\n'
        'webhook("secrets-two", pulumi.Config().require_secret("url"))\n'
        'pulumi.export("secrets", pulumi.Config().require_secret("url"))',
    ),
    "secret-outputs": Scenario(
        'alert("secret-outputs-one")',
        'alert("secret-outputs-one", additional_secret_outputs=["createTime"])',
    ),
    "dependency": Scenario(
        'first = destination("dependency-first"); alert("dependency-one", tells=[first])',
        'first = destination("dependency-first"); second = destination("dependency-second")\n'
        'alert("dependency-one", tells=[first, second], depends_on=[first])',
    ),
    "provider-upgrade": Scenario(
        'alert("provider-upgrade-one", version="1.117.0")', 'alert("provider-upgrade-one")'
    ),
    "provider-explicit": Scenario(
        'alert("provider-explicit-one", provider=provider("provider-explicit-provider"))',
        'alert("provider-explicit-one", query="SELECT 2 AS value",'
        ' provider=provider("provider-explicit-provider"))',
    ),
    "timeouts": Scenario(
        'alert("timeouts-one")',
        'alert("timeouts-one", custom_timeouts=pulumi.CustomTimeouts(create="5m", update="90s"))',
    ),
    "outputs": Scenario(
        'pulumi.export("outputs-a", 1); pulumi.export("outputs-b", {"x": [1, "two", None]})',
        'pulumi.export("outputs-a", 2.5); pulumi.export("outputs-c", alert("outputs-one").id)',
    ),
}


@dataclass(frozen=True)
class Play:
    """Runs of their own. `outside` happens between the first and the second.

    `status` is the second run's exit status; `settled` says that a preview finds nothing to do
    after it. `kept` are those that nobody declares or touches any more, of which only the real
    engine says so.
    """

    about: str
    before: str
    after: str
    operation: str = "up"
    options: DeploymentOptions = field(default_factory=DeploymentOptions)
    outside: Callable[[Stage], Any] | None = None
    status: int = 0
    settled: bool = True
    kept: tuple[str, ...] = ()


def _edited(stage: Stage) -> None:
    stage.edit("one", display_name="by hand")


def _trashed(stage: Stage) -> None:
    stage.trash("one")


def _taken(stage: Stage) -> None:
    stage.make("two")


TWO = 'alert("one"); alert("two")'
CHANGED = 'alert("one", query="SELECT 2 AS value"); alert("two", query="SELECT 2 AS value")'
PLAYS = {
    "target": Play(
        "--target changes the named alert alone",
        TWO,
        CHANGED,
        options=DeploymentOptions(targets=(f"{URN}one",)),
        settled=False,
    ),
    "target-delete": Play(
        "--target deletes the named alert alone",
        'alert("one"); alert("two"); alert("three")',
        'alert("three")',
        options=DeploymentOptions(targets=(f"{URN}one",)),
        settled=False,
        kept=("two",),
    ),
    "exclude": Play(
        "--exclude changes all but the named alert",
        TWO,
        CHANGED,
        options=DeploymentOptions(excludes=(f"{URN}one",)),
        settled=False,
    ),
    "replace-flag": Play(
        "--replace replaces what has not changed",
        'alert("one", delete_before_replace=True); alert("two", after=["one"])',
        'alert("one", delete_before_replace=True); alert("two", after=["one"])',
        options=DeploymentOptions(replace=(f"{URN}one",)),
    ),
    "refresh": Play(
        "refresh takes over what somebody changed outside",
        TWO,
        TWO,
        operation="refresh",
        outside=_edited,
        settled=False,
    ),
    "up-refresh": Play(
        "up --refresh repairs what somebody changed outside",
        TWO,
        TWO,
        options=DeploymentOptions(refresh=True),
        outside=_edited,
    ),
    "trashed": Play(
        "up --refresh deploys a trashed alert again",
        TWO,
        TWO,
        options=DeploymentOptions(refresh=True),
        outside=_trashed,
    ),
    "refresh-trashed": Play(
        "refresh drops a trashed alert from the state",
        TWO,
        TWO,
        operation="refresh",
        outside=_trashed,
        settled=False,
    ),
    "partial-failure": Play(
        "a refused create ends the run; what was done is kept",
        'alert("one")',
        'alert("one"); alert("two", after=["one"])',
        outside=_taken,
        status=1,
        settled=False,
    ),
    "continue-on-error": Play(
        "--continue-on-error goes on beside a failure",
        'alert("one")',
        'alert("one", query="SELECT 2 AS value"); alert("two"); alert("three")',
        options=DeploymentOptions(continue_on_error=True),
        outside=_taken,
        status=1,
        settled=False,
    ),
    "protected-delete": Play(
        "a protected alert is not deleted",
        'alert("one", protect=True); alert("two")',
        'alert("two")',
        status=1,
        settled=False,
    ),
    "duplicate-name": Play(
        "two resources of one name are an error",
        'alert("one")',
        'alert("one"); alert("one")',
        status=1,
        settled=False,
        kept=("one",),  # the first may be done before the second is refused, or not
    ),
    "failing-program": Play(
        "a program that raises deletes nothing",
        TWO,
        'alert("one"); raise ValueError("the program has failed")',
        status=1,
        settled=False,
    ),
    "refusing-program": Play(
        "a program that refuses (RunError) deletes nothing",
        TWO,
        'alert("one"); raise pulumi.RunError("the program refuses")',
        status=1,
        settled=False,
    ),
    "expect-no-changes": Play(
        "preview --expect-no-changes fails where there are some",
        TWO,
        CHANGED,
        operation="preview",
        options=DeploymentOptions(expect_no_changes=True),
        status=1,
        settled=False,
    ),
    "preview": Play("a preview changes nothing", TWO, CHANGED, operation="preview", settled=False),
    "destroy": Play("destroy deletes all that is deployed", TWO, TWO, "destroy", settled=False),
    "destroy-target": Play(
        "destroy --target deletes the named alert alone",
        TWO,
        TWO,
        operation="destroy",
        options=DeploymentOptions(targets=(f"{URN}one",)),
        settled=False,
        kept=("two",),
    ),
    "destroy-protected": Play(
        "destroy stops at a protected alert",
        'alert("one", protect=True); alert("two")',
        TWO,
        operation="destroy",
        status=1,
        settled=False,
    ),
}
