"""Deleting many resources at once: dependents first, everything independent in parallel."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import graph, planner
from databricks_alerts.engine.steps.executor import Executor
from databricks_alerts.engine.steps.run import Run, StepFailedError, StoppedError
from databricks_alerts.engine.steps.step import Step


def delete_all(run: Run, executor: Executor, condemned: list[ResourceState]) -> None:
    """Delete the condemned. What a resource that could not be deleted depends on is kept."""
    doomed = {item.urn for item in condemned if not item.delete}

    def delete(position: int) -> None:
        step = planner.deletion(condemned[position])
        step.skipped = condemned[position].deleted_with in doomed
        _delete_one(run, executor, step)

    in_order(graph.deletion_waits(condemned), delete, run.options.parallel)


def _delete_one(run: Run, executor: Executor, step: Step) -> None:
    try:
        executor.run(step)
    except StepFailedError:
        # A protected resource costs nothing but itself: the others are reported in the same run.
        run.failed.set()
        if not step.resource.protect:
            run.fail()
        raise


def in_order(waits: dict[int, set[int]], work: Callable[[int], None], parallel: int) -> None:
    """Do `work` on every position, each after all that it waits for, `parallel` at a time.

    Work that raises StepFailedError or StoppedError leaves out everything that waits for it.
    """
    blocks: dict[int, list[int]] = {}
    missing = {position: len(before) for position, before in waits.items()}
    for position, before in waits.items():
        for other in before:
            blocks.setdefault(other, []).append(position)
    ready = [position for position, count in missing.items() if not count]
    done: queue.SimpleQueue[tuple[int, Future[None]]] = queue.SimpleQueue()
    running = 0
    with ThreadPoolExecutor(max_workers=max(1, parallel), thread_name_prefix="step") as pool:
        while ready or running:
            # The last first: later resources tend to depend on earlier ones.
            for position in reversed(ready):
                future = pool.submit(work, position)
                future.add_done_callback(partial(_announce, done, position))
            running, ready = running + len(ready), []
            position, future = done.get()
            running -= 1
            if isinstance(future.exception(), StepFailedError | StoppedError):
                continue
            future.result()
            for other in blocks.get(position, ()):
                missing[other] -= 1
                if not missing[other]:
                    ready.append(other)


def _announce(
    done: queue.SimpleQueue[tuple[int, Future[None]]], position: int, future: Future[None]
) -> None:
    done.put((position, future))
