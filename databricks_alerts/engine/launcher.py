"""Starts a Pulumi program in a process of its own, as Pulumi's Python language host does.

Run by path with `python -P launcher.py …` in the project's interpreter, so it imports nothing of
the engine: the project may live in another virtual environment. Exit status: 0; 1 when the SDK
said why already; 32 for an exception, which was logged.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import logging
import os
import runpy
import sys
import traceback
import types
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SHOWN_TO_USER = 32
# Each RegisterResource blocks a thread until its step is done.
_THREADS_PER_STEP = 4


def main() -> int:
    """Run the program; answers the exit status."""
    # An SDK's thousands of classes make the collector look through them again and again as they
    # are made: a third of the time of importing pulumi_databricks.
    gc.set_threshold(20_000, 20, 50)
    if sys.argv[1:2] == ["--standby"]:
        _stand_by(sys.argv[2:])
    arguments = _parse()
    try:
        import pulumi
    except ImportError:
        traceback.print_exc()
        print(
            f"The pulumi SDK is not installed for {sys.executable}: install the project's "
            "requirements there.",
            file=sys.stderr,
        )
        return 1
    _import_late("pulumi_databricks")
    # The SDK traces itself with several debug messages a resource, each a round trip that blocks
    # the program's event loop; the engine shows none of them.
    pulumi.log.debug = _ignore
    _go_on_without_dependents(pulumi)
    _wait_in_linear_time()
    _configure(arguments)
    os.chdir(arguments.pwd)
    sys.argv = [arguments.program]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(1, arguments.parallel) * _THREADS_PER_STEP)
    loop.set_default_executor(executor)
    # A deployment that stops early leaves futures that nobody awaits; that is no news to anybody.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        return _run(loop, arguments.program, pulumi)
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def _stand_by(modules: list[str]) -> None:
    """Import what takes long, then wait for the order to start: arguments and environment.

    One line of JSON on standard input; when it ends without one, nobody needs the program.
    """
    import_early(modules)
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(0)
    order = json.loads(line)
    os.environ.update(order["environment"])
    sys.argv[1:] = order["arguments"]


def import_early(modules: Iterable[str]) -> None:
    """Import what programs import; one that lacks some of it says so itself."""
    with contextlib.suppress(ImportError):
        import pulumi  # noqa: F401

        _import_late("pulumi_databricks")
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _import_late(package: str) -> None:
    """Import of a provider's SDK only what the program names: all of it takes seconds."""
    late = _neighbour("late_package")
    late.install(package, late.pulumi_homes)
    if package in sys.modules:
        _neighbour("late_classes").install(package)


def _neighbour(name: str) -> types.ModuleType:
    """A module beside this one, which may run in another interpreter than the engine's."""
    spec = importlib.util.spec_from_file_location(
        f"_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _ignore(*_arguments: object, **_options: object) -> None:
    """A debug message that nobody would see."""


def _go_on_without_dependents(pulumi) -> None:  # type: ignore[no-untyped-def]
    """Let everything else be declared when a resource failed and the update goes on.

    Registering what depends on a failed resource raises in the SDK, and the first such exception
    would keep it from sending the registrations that are still to come. The run fails all the same
    at its end, before anything is deleted: what was not declared must not look unwanted.
    """
    from pulumi.runtime import rpc_manager, stack

    marker = getattr(stack, "ResourceRegistrationFailed", None)
    if marker is None:
        return
    left_out: list[str] = []
    do_rpc, wait_for_shutdown = rpc_manager.RPCManager.do_rpc, stack._wait_for_shutdown

    def tolerant(manager, name, function):  # type: ignore[no-untyped-def]
        async def call(*arguments: object, **options: object) -> object:
            try:
                return await function(*arguments, **options)
            except marker as error:
                left_out.append(str(error))
                return None

        return do_rpc(manager, name, call)

    async def wait() -> None:
        if left_out:
            reasons = ", ".join(dict.fromkeys(left_out))
            raise pulumi.RunError(f"{len(left_out)} not declared, as they need more: {reasons}")
        await wait_for_shutdown()

    rpc_manager.RPCManager.do_rpc = tolerant  # type: ignore[method-assign]
    stack._wait_for_shutdown = wait


def _wait_in_linear_time() -> None:
    """Keep the SDK's last wait from looking at every open output whenever one of them is done.

    Its loop waits for the first of all outputs to complete, over and over: quadratic, and at 10,000
    resources most of the run. Waiting for all of them, or the first exception, ends the same way.
    """
    from pulumi.runtime import stack

    async def wait(tasks, *, return_when=asyncio.ALL_COMPLETED):  # type: ignore[no-untyped-def]
        if return_when == asyncio.FIRST_COMPLETED:
            return_when = asyncio.FIRST_EXCEPTION
        return await asyncio.wait(tasks, return_when=return_when)

    patched = types.SimpleNamespace(**{**vars(asyncio), "wait": wait})
    stack.asyncio = patched  # type: ignore[assignment, attr-defined]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("monitor", "engine", "project", "stack", "organization", "root-directory", "pwd"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("program", help="the directory of __main__.py, or a file")
    return parser.parse_args()


def _configure(arguments: argparse.Namespace) -> None:
    from pulumi import runtime

    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            monitor=arguments.monitor,
            engine=arguments.engine,
            project=arguments.project,
            stack=arguments.stack,
            parallel=arguments.parallel,
            dry_run=arguments.dry_run,
            organization=arguments.organization,
            root_directory=arguments.root_directory,
        )
    )


def _run(loop: asyncio.AbstractEventLoop, program: str, pulumi) -> int:  # type: ignore[no-untyped-def]
    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))  # noqa: TRY400 - Pulumi's log, which has no exception()
        return 1
    except Exception:  # noqa: BLE001 - the process' rim: whatever the program raised is shown
        text = _user_traceback(program)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{text}")  # noqa: TRY400
        return SHOWN_TO_USER
    return 0


def _user_traceback(program: str) -> str:
    """The traceback from the program's first frame on; all of it when it has none."""
    root = Path(program).resolve()
    frames = traceback.extract_tb(sys.exc_info()[2])
    for position, frame in enumerate(frames):
        if Path(frame.filename).is_absolute() and Path(frame.filename).is_relative_to(root):
            return traceback.format_exc(limit=position - len(frames))
    return traceback.format_exc()


def _end(status: int) -> None:
    """End without tearing down the interpreter, which takes seconds with a provider's SDK in it."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _end(main())
