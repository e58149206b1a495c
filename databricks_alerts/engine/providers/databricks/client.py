"""The one road to a workspace: authenticated JSON requests, tried again when that is safe."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.providers.databricks.limiter import WIDTH, Limiter
from databricks_alerts.engine.providers.databricks.retries import (
    DEADLINE,
    Clock,
    Failure,
    may_retry,
    pause,
)
from databricks_alerts.engine.providers.databricks.retries import retry_after as seconds_of

if TYPE_CHECKING:
    import requests
    from databricks.sdk.config import Config

Body = dict[str, Any]
_HTTP_TIMEOUT = 60.0
_CONNECT_TIMEOUT = 10.0
_SHORTEST_SECRET = 4
_TRIES_BEFORE_ANY_ANSWER = 3
_ME = "/api/2.0/preview/scim/v2/Me"
_WORKSPACE_HEADER = "X-Databricks-Org-Id"


class ApiError(ProviderError):
    """The workspace refused, or did not answer; `status` is 0 without an answer."""

    def __init__(self, failure: Failure, text: str, *, outcome_known: bool) -> None:
        super().__init__(text, error_code=failure.error_code, outcome_known=outcome_known)
        self.status = failure.status

    @property
    def missing(self) -> bool:
        """Whether what was asked for does not exist."""
        return self.status == 404

    @property
    def already_exists(self) -> bool:
        """Whether the name is taken."""
        return self.error_code in ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS")


class Client:
    """Requests to one workspace, from many threads. Credentials are looked for at the first one."""

    def __init__(self, make_config: Callable[[], Config], clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._make_config = make_config
        self._lock = threading.Lock()
        self._opened: tuple[Config, requests.Session, Limiter] | None = None
        self._server_ahead = 0.0
        self._answered = False
        self._environment: Mapping[str, Any] = {}  # proxies and certificates
        self._workspace_id = ""
        self._asked = False
        self._asking = threading.Lock()

    def server_time(self) -> float:
        """Seconds since 1970 on the workspace's clock, as its last answer told it."""
        return self.clock.wall() + self._server_ahead

    def workspace_id(self) -> str:
        """The workspace's number, "" if it does not tell one; asked for once.

        As the Go SDK's CurrentWorkspaceID: configured, or in the header of an answer.
        """
        with self._asking:
            if not self._workspace_id and not self._asked:
                self._asked = True
                self._workspace_id = str(self._open()[0].workspace_id or "")
                if not self._workspace_id:
                    # What was just created must not count as failed because this is not told.
                    with contextlib.suppress(ProviderError):
                        self.get(_ME)
        return self._workspace_id

    def deadline(self, timeout: float | None) -> float:
        """When an operation that begins now has to be done, on the clock's `now`."""
        return self.clock.now() + (timeout if timeout else DEADLINE)

    def get(self, path: str, query: Body | None = None, *, deadline: float | None = None) -> Body:
        """GET. Raises ApiError."""
        return self.request("GET", path, query=query, deadline=deadline)

    def pages(
        self, path: str, key: str, query: Body, *, deadline: float | None = None
    ) -> Iterator[list[Body]]:
        """The pages of a list, in order. Raises ApiError."""
        token = ""
        while True:
            asked = {**query, **({"page_token": token} if token else {})}
            page = self.get(path, asked, deadline=deadline)
            yield page.get(key) or []
            token = page.get("next_page_token") or ""
            if not token:
                return

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Body | None = None,
        body: Body | None = None,
        deadline: float | None = None,
        secrets: Iterable[str] = (),
    ) -> Body:
        """Send until it is answered, refused, or the deadline has passed.

        A POST is sent again only if the workspace certainly did nothing. `secrets` are kept out of
        messages. Raises ApiError; its `outcome_known` is False if the request may have had effect.
        """
        until = self.deadline(None) if deadline is None else deadline
        repeatable = method != "POST"
        maybe_done = False
        attempt = 0
        while True:
            attempt += 1
            with _outcome_known(method == "GET" or not maybe_done):
                answer = self._attempt(method, path, query, body, until)
            if not isinstance(answer, Failure):
                return answer
            maybe_done = maybe_done or not answer.without_effect
            wait = pause(answer, attempt)
            if answer.throttled:
                self._open()[2].throttled(wait)
            # A host that never answered is more likely wrong, or not running, than restarting.
            hopeless = (
                not self._answered and not answer.sent and attempt >= _TRIES_BEFORE_ANY_ANSWER
            )
            late = hopeless or self.clock.now() + wait > until
            if late or not may_retry(answer, repeatable=repeatable, attempt=attempt):
                text = self._text(answer, f"{method} {path}", attempt, secrets)
                certain = method == "GET" or not (maybe_done and answer.transient)
                raise ApiError(answer, text, outcome_known=certain)
            with _outcome_known(method == "GET" or not maybe_done):
                self.clock.wait(wait)

    def _attempt(
        self, method: str, path: str, query: Body | None, body: Body | None, until: float
    ) -> Body | Failure:
        import requests

        config, session, limiter = self._open()
        with limiter.request():
            if self.clock.stopped:
                raise ProviderError(f"stopped before {method} {path} was sent")
            left = max(1.0, min(_HTTP_TIMEOUT, until - self.clock.now()))
            try:
                asked = requests.Request(
                    method,
                    f"{config.host}{path}",
                    params=query,
                    data=None if body is None else json.dumps(body, allow_nan=False),
                    headers={"Content-Type": "application/json"} if body is not None else None,
                )
                response = session.send(
                    session.prepare_request(asked),
                    timeout=(min(_CONNECT_TIMEOUT, left), left),
                    **self._environment,
                )
            except requests.RequestException as error:
                return _unanswered(error, str(config.host))
            self._answered = True
            self._note_date(response.headers.get("Date"))
            self._workspace_id = response.headers.get(_WORKSPACE_HEADER) or self._workspace_id
            if response.ok:
                limiter.succeeded()
            return _read(response, self.clock.wall())

    def _note_date(self, header: str | None) -> None:
        if header:
            try:
                self._server_ahead = parsedate_to_datetime(header).timestamp() - self.clock.wall()
            except ValueError:
                self._server_ahead = 0.0

    def _open(self) -> tuple[Config, requests.Session, Limiter]:
        if self._opened is None:
            with self._lock:
                if self._opened is None:
                    self._opened = self._connect()
        return self._opened

    def _connect(self) -> tuple[Config, requests.Session, Limiter]:
        import requests
        from requests.adapters import HTTPAdapter

        config = self._make_config()
        session = requests.Session()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=WIDTH, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        session.headers["User-Agent"] = config.user_agent
        session.verify = not config.skip_verify

        def authenticate(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers.update(_headers_of(config))
            return request

        session.auth = authenticate
        # `session.request` would look at the environment again for each request, half of its time.
        self._environment = session.merge_environment_settings(
            str(config.host), {}, None, session.verify, None
        )
        rate = float(config.rate_limit) if config.rate_limit else None
        return config, session, Limiter(self.clock, rate)

    def _text(self, failure: Failure, request: str, attempts: int, secrets: Iterable[str]) -> str:
        code = failure.error_code or (f"HTTP {failure.status}" if failure.status else "no answer")
        tried = f", {attempts} attempts" if attempts > 1 else ""
        message = failure.message
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                message = message.replace(secret, "[secret]")
        return f"{code}: {message} ({request}{tried})"

    def close(self) -> None:
        """Stop retrying and close connections."""
        self.clock.stop()
        if self._opened is not None:
            self._opened[1].close()


@contextlib.contextmanager
def _outcome_known(known: bool) -> Iterator[None]:
    """What ends here, as by `close`, ends uncertain if an attempt before may have had effect."""
    try:
        yield
    except ProviderError as error:
        error.outcome_known = error.outcome_known and known
        raise


def _headers_of(config: Config) -> dict[str, str]:
    """Fresh authentication headers; the SDK renews tokens itself."""
    try:
        return config.authenticate()
    except (ValueError, OSError) as error:  # what its credential strategies raise
        raise ProviderError(f"cannot authenticate to {config.host}: {error}") from error


def _unanswered(error: Exception, host: str) -> Failure:
    """A request without an answer. Only a connection that never stood is sure to have had none."""
    import requests
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    if unsent:
        return Failure(
            0, "", f"cannot connect to {host}: is it running, is the host right?", sent=False
        )
    slow = isinstance(error, requests.Timeout)
    what = "did not answer in time" if slow else "closed the connection without an answer"
    return Failure(0, "", f"{host} {what} ({type(error).__name__})")


def _read(response: requests.Response, now: float) -> Body | Failure:
    """The answer's JSON, or what went wrong in Databricks' {error_code, message} shape."""
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = None
    if response.ok and isinstance(body, dict):
        return body
    if response.ok:
        return Failure(response.status_code, "", "the answer is no JSON object: a login page?")
    told = seconds_of(response.headers.get("Retry-After"), now)
    known = body if isinstance(body, dict) else {}
    code = str(known.get("error_code") or "")
    message = str(known.get("message") or response.reason or "refused without a message")
    return Failure(response.status_code, code, message, told)
