"""From answers to a stack's settings file: who we are, where things go, whom alerts notify."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, connected
from databricks_alerts.cli.local import LOCAL_STACK
from databricks_alerts.cli.setup.answers import Given, Interview, Question, one_of
from databricks_alerts.engine import project as projects
from databricks_alerts.errors import AuthenticationError, ConfigurationError
from databricks_alerts.packs.loader import packs_in
from databricks_alerts.rules.settings import NAMESPACE
from databricks_alerts.rules.words import is_address
from databricks_alerts.workspace_view import offers
from databricks_alerts.workspace_view.inventory import user_name

if TYPE_CHECKING:
    from databricks.sdk.core import Config

_CONNECTION = "--profile NAME or --host URL"
_PLACEHOLDER = "set-the-"
_REQUIRED = ("catalog", "goldSchema", "warehouseId", "parentPath")
_HEADING = """\
# The stack {stack}. Who we are comes from the profile or host below, else from DATABRICKS_HOST and
# friends; no token stands here. All settings: docs/settings.md and docs/environments.md.
"""
_STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_NO_NAME = re.compile(r"[\x00-\x1f/]")

_AS_THE_RULES_SAY = "as the rules say"

# None takes a key out of the file.
Values = dict[str, str | list[str] | None]


def set_up(context: StackContext, given: Given, interview: Interview) -> bool:
    """Write the stack's settings if they are not there, are not filled in, or flags change them.

    Answers whether anything was written, all of it after the last answer. Raises
    ConfigurationError that names the flag of an answer that is missing or wrong, and what the
    workspace raises.
    """
    settings = projects.load_settings(projects.load(context.project_dir), context.stack)
    known = (
        context.configuration
        if settings.path.is_file()
        else {key: str(value) for key, value in settings.config.items()}
    )
    is_open = bool(_open_keys(known))
    if not given and not is_open:
        return False
    if not is_open:
        interview = Interview(terminal=False)  # flags change what is filled in; ask nothing else
    if not _STACK_NAME.fullmatch(context.stack):
        raise ConfigurationError(
            f"-s {context.stack}: a stack's name is made of letters, digits, `_`, `-` and `.`"
        )
    if is_open:
        state = _state_of(context, settings.path)
        if not interview.terminal:
            _require_answers(context, state, known, given)
        console.note(f"{state}: it is set up now, and written behind the last answer")
    told: Values = {}
    told |= _connection(context, known, given, interview)
    connection = {key: value for key, value in known.items() if key not in told} | _texts(told)
    config = connected(connection, context.project_dir, context.environment)
    console.note(f"{user_name(config)} on {config.host}")
    told |= _places(context, config, known, given, interview)
    told |= _channels(config, known, given, interview)
    heading = _HEADING.format(stack=context.stack)
    projects.write_configuration(settings.path, told, heading)
    console.note(f"wrote {settings.path.relative_to(context.project_dir)}")
    return True


def next_steps(context: StackContext) -> list[str]:
    """What to do behind `init`, as commands."""
    stack, environment = context.stack, context.environment
    names = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
    steps = []
    if stack != LOCAL_STACK and not any(name in environment for name in names):
        steps.append("export PULUMI_CONFIG_PASSPHRASE=…    # encrypts what is secret in the state")
    packs = packs_in(context.project_dir / "packs")
    if not packs:
        steps.append("alerts new pack first")
    steps += [f"alerts seed {name} -s {stack}" for name in packs or ["first"]]
    steps += [f"alerts doctor -s {stack}", f"alerts up -s {stack}"]
    return steps


def _state_of(context: StackContext, path: Path) -> str:
    """What there is of the settings file, and of others that may have been meant."""
    others = [name for name in projects.stacks_in(path.parent) if name != context.stack]
    there = "is not filled in" if path.is_file() else "does not exist"
    named = f"{path.relative_to(context.project_dir)} {there}"
    return f"{named} (other stacks: {', '.join(others) or 'none'})"


def _require_answers(
    context: StackContext, state: str, known: Mapping[str, str], given: Given
) -> None:
    """Raise ConfigurationError that names every flag that is missing, before anything is asked."""
    flags = {"catalog": given.catalog, "goldSchema": given.schema, "warehouseId": given.warehouse}
    names = {"catalog": "--catalog", "goldSchema": "--schema", "warehouseId": "--warehouse"}
    missing = [names[key] for key in _open_keys(known) if key in flags and not flags[key]]
    if not (given.host or given.profile or _is_connected(context, known)):
        missing.insert(0, _CONNECTION)
    if missing:
        raise ConfigurationError(
            f"{state}, and there is no terminal to ask on: give {', '.join(missing)}"
        )


def _is_connected(context: StackContext, known: Mapping[str, str]) -> bool:
    """Whether the file or the environment says which workspace it is."""
    names = ("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE")
    said = any(f"databricks:{key}" in known for key in ("host", "profile"))
    return said or any(context.environment.get(name) for name in names)


def _open_keys(known: Mapping[str, str]) -> list[str]:
    """The required keys that nobody has filled in."""
    values = {key: known.get(f"{NAMESPACE}:{key}", "") for key in _REQUIRED}
    return [key for key, value in values.items() if not value or value.startswith(_PLACEHOLDER)]


def _texts(values: Values) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}


def _connection(
    context: StackContext, known: Mapping[str, str], given: Given, interview: Interview
) -> Values:
    """A profile or a host; nothing where the file or the environment says it already."""
    if given.host:
        question = Question("--host", "The workspace's host", _host)
        return _other(known, "profile") | {
            "databricks:host": interview.answer(question, given.host)
        }
    if not given.profile and _is_connected(context, known):
        return {}
    profiles = _profiles(context.environment)

    def check(text: str) -> str:
        return _host(text) if "://" in text else chosen(text)

    listed = [offers.Offer(name, name, host) for name, host in profiles.items()]
    chosen = one_of(listed, "profiles", "(a host begins with https://)")
    question = Question(
        "--profile" if given.profile else _CONNECTION,
        "Profile, or https:// and the workspace's host",
        check,
        listed,
        hint="credentials are never written",
    )
    answer = interview.answer(question, given.profile)
    key, other = ("host", "profile") if "://" in answer else ("profile", "host")
    return _other(known, other) | {f"databricks:{key}": answer}


def _other(known: Mapping[str, str], key: str) -> Values:
    """What a new answer takes the place of."""
    return {f"databricks:{key}": None} if f"databricks:{key}" in known else {}


def _host(text: str) -> str:
    """Raises ValueError."""
    if not re.fullmatch(r"https?://[^/\s]+/?", text):
        raise ValueError("a host is written https://….cloud.databricks.com, with nothing behind it")
    return text.rstrip("/")


def _profiles(environment: Mapping[str, str]) -> dict[str, str]:
    """The profiles of the databricks CLI's file, with their hosts; none without a file."""
    path = Path(environment.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}  # the SDK says what is wrong with it, once it is used
    return {name: parser[name].get("host", "") for name in parser.sections()}


def _places(
    context: StackContext,
    config: Config,
    known: Mapping[str, str],
    given: Given,
    interview: Interview,
) -> Values:
    """Warehouse, catalog, schema, folder."""

    def so_far(key: str, otherwise: str = "") -> str:
        value = known.get(f"{NAMESPACE}:{key}", "")
        return otherwise if not value or value.startswith(_PLACEHOLDER) else value

    listed = offers.warehouses(config)
    check = one_of(listed, "SQL warehouses", "(one needs CAN USE on it to see it)")
    warehouse = interview.answer(
        Question("--warehouse", "SQL warehouse", check, listed, so_far("warehouseId")),
        given.warehouse,
    )
    listed = offers.catalogs(config)
    check = one_of(listed, "catalogs", "(one needs USE CATALOG on it to see it)")
    catalog = interview.answer(
        Question("--catalog", "Catalog", check, listed, so_far("catalog")), given.catalog
    )
    listed = offers.schemas(config, catalog)
    schema = interview.answer(
        Question(
            "--schema",
            "Schema for the tables",
            _schema,
            listed,
            so_far("goldSchema"),
            "a new name makes one",
        ),
        given.schema,
    )
    path = so_far("parentPath", f"/Workspace/Shared/alerts-{context.stack}")
    folder = interview.answer(
        Question("--folder", "Folder for the alerts", _folder, default=path), given.folder
    )
    return {
        f"{NAMESPACE}:catalog": catalog,
        f"{NAMESPACE}:goldSchema": schema,
        f"{NAMESPACE}:warehouseId": warehouse,
        f"{NAMESPACE}:parentPath": folder,
    }


def _schema(text: str) -> str:
    """Raises ValueError."""
    if not text or _NO_NAME.search(text) or "." in text or len(text) > 255:
        raise ValueError("a schema's name has 1 to 255 characters, no `.`, `/` or control ones")
    return text


def _folder(text: str) -> str:
    """Raises ValueError."""
    if not text.startswith("/") or not text.isprintable():
        raise ValueError("a folder is written from /Workspace, such as /Workspace/Shared/alerts")
    return text


def _channels(
    config: Config, known: Mapping[str, str], given: Given, interview: Interview
) -> Values:
    """Who is notified in place of those whom rules name; nothing where the rules decide."""
    key = f"{NAMESPACE}:channels"
    if key in known and not given.channels:
        return {}
    try:
        listed = offers.destinations(config)
    except AuthenticationError as error:
        console.note(f"destinations cannot be listed, so the rules decide: {error}")
        listed = []
    chosen = one_of(listed, "notification destinations", "(or give an e-mail address)")

    def check(text: str) -> str:
        return text if text == _AS_THE_RULES_SAY or is_address(text) else chosen(text)

    question = Question(
        "--channel",
        "Whom this stack's alerts notify",
        check,
        listed,
        _AS_THE_RULES_SAY,
        "a destination or an address instead of those that rules name",
    )
    answers = [interview.answer(question, channel) for channel in given.channels or ("",)]
    named: list[str] = [answer for answer in answers if answer != _AS_THE_RULES_SAY]
    return {key: named} if named else {}
