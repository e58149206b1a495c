"""Reading all resources again before, or instead of, an update."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps.executor import Executor
from databricks_alerts.engine.steps.run import Run, StepFailedError, StoppedError, is_managed
from databricks_alerts.engine.steps.step import Step
from databricks_alerts.engine.steps.targets import Targets, matches


def refresh_stale(run: Run, executor: Executor) -> None:
    """Read what the caller names as changed outside, so far as the run may touch it."""
    targets, stale = Targets(run.options), run.options.stale
    named = [item for item in run.ledger.base if matches(stale, item.urn)]
    if named:
        refresh_all(run, executor, only=frozenset(i.urn for i in named if targets.includes(i)))


def refresh_all(run: Run, executor: Executor, *, only: frozenset[str] | None = None) -> None:
    """Bring the ledger's base to what the workspace holds; `only`: just these URNs.

    Resources that are gone are left out, so that a program that still declares them creates them.
    """
    targets = Targets(run.options)
    steps = {
        id(item): Step("refresh", item, item)
        for item in run.ledger.base
        if (item.urn in only if only is not None else targets.includes(item))
    }
    _prefetch(run, [item for item in run.ledger.base if id(item) in steps])

    def refresh(step: Step) -> None:
        try:
            executor.run(step)
        except StepFailedError:
            run.fail()
        except StoppedError:
            pass

    workers = max(1, run.options.parallel)
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="refresh") as pool:
        list(pool.map(refresh, steps.values()))
    run.ledger.replace_base(_refreshed(run, steps))


def _refreshed(run: Run, steps: dict[int, Step]) -> list[ResourceState]:
    result = []
    for item in run.ledger.base:
        step = steps.get(id(item))
        new = step.new if step is not None else item
        if new is not None:
            result.append(new)
        else:
            run.recorder.end(None, removed=item)
    return result


def _prefetch(run: Run, resources: list[ResourceState]) -> None:
    types: dict[str, set[str]] = {}
    samples: dict[str, ResourceState] = {}
    for item in resources:
        if is_managed(item):
            types.setdefault(item.provider, set()).add(item.type)
            samples[item.provider] = item
    for reference, names in types.items():
        run.provider_of(samples[reference]).prefetch(frozenset(names))
