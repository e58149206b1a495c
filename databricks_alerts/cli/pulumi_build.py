"""`make pulumi`: Go builds the CLI, and people see how far it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from databricks_alerts.cli.pulumi_tools import MODULE, Tools, write_plugins
from databricks_alerts.errors import ConfigurationError

_COMMAND = f"{MODULE}/cmd/pulumi"
_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_SECONDS_BETWEEN_LINES = 20.0
_LINES_OF_A_FAILURE = 15
_EXPECTED = (
    "about 8 minutes of processor time (4 minutes on 2 cores) and 3 GB of caches the first time, "
    "seconds where Go's caches are warm"
)

Say = Callable[[str], None]


def build(tools: Tools, go: str, environment: Mapping[str, str], say: Say) -> None:
    """Build the CLI where it is not current, and write the plugins' scripts.

    Raises ConfigurationError with Go's own words when it fails.
    """
    write_plugins(tools)
    if tools.current():
        return
    started = time.monotonic()
    version = tools.version()
    say(f"Building pulumi {version} from its Go modules into {tools.build}: {_EXPECTED}")
    settings = go_environment(tools, go, environment)
    _compile(tools, go, version, settings, say)
    tools.stamp.write_text(tools.fingerprint(), encoding="utf-8")
    say(f"pulumi {version} is built, in {time.monotonic() - started:.0f} s")


def update(tools: Tools, go: str, environment: Mapping[str, str], wanted: str) -> None:
    """Pin the CLI to `wanted` in go.mod and go.sum. Raises ConfigurationError.

    `wanted` is the version of the Python SDK in requirements.txt, as `3.259.0`.
    """
    settings = go_environment(tools, go, environment)
    settings["GOFLAGS"] = environment.get("GOFLAGS", "")
    _run([go, "get", "-tool", f"{_COMMAND}@v{wanted}"], tools.module, settings)
    _run([go, "mod", "tidy"], tools.module, settings)


def pinned_sdk(requirements: Path) -> str:
    """The version of the Python SDK in requirements.txt. Raises ConfigurationError."""
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith("pulumi=="):
            return line.split("#")[0].strip().removeprefix("pulumi==")
    raise ConfigurationError(f"{requirements} does not pin pulumi")


def go_environment(tools: Tools, go: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Go's environment for a build that changes nothing outside the project.

    Its caches are the project's own unless GOMODCACHE and GOCACHE name others, which keep them
    warm from clone to clone. A person's settings (`go env -w`: proxies, private modules) hold.
    """
    caches = tools.build / "cache"
    flags = [environment.get("GOFLAGS", ""), "-mod=readonly"]
    if "GOMODCACHE" not in environment:
        # Go makes its modules read-only, which `rm -rf` cannot remove.
        flags.append("-modcacherw")
    # The file of a person's settings, before XDG_CONFIG_HOME moves what Go writes beside it.
    asked = subprocess.run(
        [go, "env", "GOENV"], env=dict(environment), capture_output=True, text=True, check=False
    )
    return {
        **environment,
        "GOENV": asked.stdout.strip() or "off",
        "XDG_CONFIG_HOME": str(caches / "config"),
        "GOPATH": str(caches / "path"),
        "GOMODCACHE": environment.get("GOMODCACHE") or str(caches / "modules"),
        "GOCACHE": environment.get("GOCACHE") or str(caches / "build"),
        "GOFLAGS": " ".join(filter(None, flags)),
    }


def _compile(tools: Tools, go: str, version: str, environment: Mapping[str, str], say: Say) -> None:
    link = f"-s -w -X {_VERSION}=v{version}"
    # Built beside and moved: a build that was cut off leaves nothing that looks like a CLI.
    half = tools.build / "bin" / "pulumi.part"
    command = [go, "build", "-v", "-trimpath", "-ldflags", link, "-o", str(half), _COMMAND]
    say("fetching modules …")
    total = len(_run([go, "list", "-deps", _COMMAND], tools.module, environment).splitlines())
    started = shown = time.monotonic()
    done, said = 0, deque[str](maxlen=_LINES_OF_A_FAILURE)
    with subprocess.Popen(
        command,
        cwd=tools.module,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            done += 1
            said.append(line)
            now = time.monotonic()
            if now - shown >= _SECONDS_BETWEEN_LINES or (_is_terminal() and now - shown >= 1):
                shown = now
                _progress(f"compiled {done} of {total} packages, {now - started:.0f} s", say)
    if _is_terminal():
        sys.stderr.write("\r\x1b[K")
    if process.returncode != 0:
        raise ConfigurationError(_failure(command, "".join(said)))
    half.replace(tools.cli)


def _progress(line: str, say: Say) -> None:
    """One line that is written over on a terminal, one after the other in a log."""
    if _is_terminal():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
    else:
        say(line)


def _is_terminal() -> bool:
    return os.isatty(2)


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    answer = subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise ConfigurationError(_failure(command, answer.stderr))
    return answer.stdout


def _failure(command: list[str], said: str) -> str:
    lines = "\n".join(said.strip().splitlines()[-_LINES_OF_A_FAILURE:])
    return (
        f"`go {' '.join(command[1:3])}` failed:\n{lines}\nGo takes modules from GOPROXY: set it to "
        "your company's if proxy.golang.org cannot be reached"
    )
