"""The ResourceMonitor service: the program's side of a deployment.

Each call runs on a thread of the server's pool and blocks until its step is done. What goes wrong
is reported to people here, once; the program is then told UNAVAILABLE, on which its SDK ends
without a word.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from databricks_alerts.engine import wire
from databricks_alerts.engine.callbacks import CallbackClient, Transform
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.errors import DeploymentError, EngineError
from databricks_alerts.engine.hooks import Hook
from databricks_alerts.engine.monitor import features, positions, requests
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps.goal import Answer, Goal
from databricks_alerts.engine.steps.run import Run, StepFailedError, StoppedError
from databricks_alerts.engine.values import reveal

_RESULTS = {
    "success": resource_pb2.Result.SUCCESS,
    "fail": resource_pb2.Result.FAIL,
    "skip": resource_pb2.Result.SKIP,
}
_CLI_HAS_IT = "the embedded engine does not do this, the pulumi CLI does"


class MonitorService(resource_pb2_grpc.ResourceMonitorServicer):
    """Serves one run. `declared` is set when the program has declared everything."""

    def __init__(
        self,
        run: Run,
        deployment: Deployment,
        callbacks: CallbackClient,
        project_root: Path,
        config: Mapping[str, str],
        secret_keys: list[str],
    ) -> None:
        self._run = run
        self._deployment = deployment
        self._callbacks = callbacks
        self._root = project_root
        self._config, self._secret_keys = config, secret_keys
        self._stack_transforms: list[Transform] = []
        self._transforms: dict[str, list[Transform]] = {}
        self._parents: dict[str, str] = {}
        self.declared = threading.Event()
        self.released = threading.Event()

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """Say what is being deployed, and what this monitor can do."""
        return resource_pb2.DeploymentInfo(
            project=self._run.project,
            stack=self._run.stack,
            organization="organization",
            config=dict(self._config),
            configSecretKeys=self._secret_keys,
            dryRun=self._run.dry_run,
            parallel=self._run.options.parallel,
            supportedFeatures=features.FEATURES,
        )

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say whether one feature is there."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in features.NAMES)

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Bring a resource to what the program declares."""
        with self._reporting(context):
            own = [Transform(self._callbacks, item) for item in request.transforms]
            transforms = [*own, *self._inherited_transforms(request.parent)]
            goal = requests.goal_of(request, self._root, transforms)
            answer = self._deployment.register(goal)
            urn = answer.state.urn
            self._parents[urn] = goal.parent
            if own:
                self._transforms[urn] = own
            return self._response(goal, answer)

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Read a resource that the stack does not own."""
        with self._reporting(context):
            goal = Goal(
                type=request.type,
                name=request.name,
                custom=True,
                inputs=wire.downgrade(wire.from_struct(request.properties)),
                parent=request.parent,
                provider=request.provider,
                version=request.version,
                dependencies=sorted(request.dependencies),
                additional_secret_outputs=list(request.additionalSecretOutputs),
                source_position=positions.position(request.sourcePosition, self._root),
                stack_trace=positions.stack_trace(request.stackTrace, self._root),
            )
            state = self._deployment.read(goal, request.id)
            properties = wire.to_struct(state.outputs)
            return resource_pb2.ReadResourceResponse(urn=state.urn, properties=properties)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take a component's outputs."""
        with self._reporting(context):
            outputs = wire.downgrade(wire.from_struct(request.outputs))
            self._deployment.register_outputs(request.urn, outputs)
            return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Call one of the engine's own functions; those of providers are the CLI's."""
        with self._reporting(context):
            arguments = reveal(wire.from_struct(request.args))
            match request.tok:
                case "pulumi:pulumi:getResource":
                    found = self._get_resource(str(arguments.get("urn", "")))
                case "pulumi:pulumi:readStackOutputs":
                    found = self._deployment.stack_outputs(str(arguments.get("name", "")))
                case "pulumi:pulumi:readStackResourceOutputs":
                    name = str(arguments.get("stackName", ""))
                    found = self._deployment.stack_resources(name)
                case _:
                    self._refuse(f"the function {request.tok}")
            return resource_pb2.ResourceInvokeResponse(**{"return": wire.to_struct(found)})

    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Methods of remote components are the CLI's."""
        with self._reporting(context):
            self._refuse(f"the method {request.tok}")

    def RegisterPackage(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Parameterized packages are the CLI's."""
        with self._reporting(context):
            self._refuse(f"the parameterized package {request.name}")

    def RegisterStackInvokeTransform(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Transforms of functions are the CLI's, as functions are."""
        with self._reporting(context):
            self._refuse("a transform of functions")

    def RegisterStackTransform(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Keep a transform of all resources."""
        self._stack_transforms.append(Transform(self._callbacks, request))
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Keep a resource hook."""
        with self._reporting(context):
            hook = Hook(
                request.callback, request.on_dry_run, getattr(request, "ignore_errors", False)
            )
            self._run.hooks.register(request.name, hook)
            return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Keep an error hook."""
        with self._reporting(context):
            self._run.hooks.register(request.name, Hook(request.callback))
            return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The program has declared everything; it stays until the last hook can have run."""
        self.declared.set()
        self.released.wait()
        return empty_pb2.Empty()

    def _get_resource(self, urn: str) -> dict[str, Any]:
        """What resource references need (pkg/resource/deploy/builtins.go)."""
        state = self._deployment.find(urn)
        if state is None:
            raise DeploymentError(f"unknown resource {urn}")
        return _found(state)

    def _inherited_transforms(self, parent: str) -> Iterator[Transform]:
        while parent:
            yield from self._transforms.get(parent, ())
            parent = self._parents.get(parent, "")
        yield from self._stack_transforms

    def _response(self, goal: Goal, answer: Answer) -> Any:
        # A component's old outputs may refer to resources that are not registered yet.
        outputs = answer.state.outputs if goal.custom else {}
        response = resource_pb2.RegisterResourceResponse(
            urn=answer.state.urn,
            id=answer.state.id,
            object=wire.to_struct(outputs),
            result=_RESULTS[answer.result],
        )
        if answer.unknown and hasattr(response, "unknown"):
            response.unknown = True
        return response

    def _refuse(self, feature: str) -> NoReturn:
        raise _UnimplementedError(f"{feature}: {_CLI_HAS_IT}")

    @contextmanager
    def _reporting(self, context: Any) -> Iterator[None]:
        try:
            yield
        except (StoppedError, StepFailedError):
            context.abort(grpc.StatusCode.UNAVAILABLE, "the deployment is ending")
        except _UnimplementedError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except (EngineError, ProviderError) as error:
            self._run.stream.say("error", str(error))
            self._run.failed.set()
            self._run.stopping.set()
            context.abort(grpc.StatusCode.UNAVAILABLE, "the deployment is ending")


class _UnimplementedError(Exception):
    """The program asks for something that only the CLI has; it gets the exception."""


def _found(state: ResourceState) -> dict[str, Any]:
    return {
        "urn": state.urn,
        "id": state.id,
        "provider": state.provider,
        "state": state.outputs,
    }
