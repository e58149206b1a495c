"""/, /alerts/<id>, /destinations, /messages, /requests: pages for a signed-in person."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.page import actions, views, words
from databricks_alerts.local_workspace.page.sessions import COOKIE, Sessions, is_local
from databricks_alerts.local_workspace.wire import Call, require_admin, route

SIGN_IN = "/signin"
OPEN = ("/", SIGN_IN, "/destinations", "/messages", "/requests")
OPEN_BELOW = "/alerts/"
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_LARGEST_FORM = 16 * 1024
_ACTIONS = {"run": actions.run, "pause": actions.pause, "resume": actions.resume}
View = Callable[[Any, dict[str, str]], dict[str, Any] | None]


def routes() -> list[Route]:
    """The routes of the page."""
    sessions = Sessions()

    def code(call: Call) -> dict[str, str]:
        require_admin(call)
        return {"url": f"{call.workspace.host}{SIGN_IN}?code={sessions.code()}"}

    return [
        Route("/", _page(sessions, "alerts.html", views.alerts)),
        Route("/alerts/{id}", _page(sessions, "alert.html", views.alert)),
        *(
            Route(f"/alerts/{{id}}/{name}", _action(sessions, act), methods=["POST"])
            for name, act in _ACTIONS.items()
        ),
        Route("/destinations", _page(sessions, "destinations.html", views.destinations)),
        Route("/messages", _page(sessions, "messages.html", views.messages)),
        Route("/requests", _page(sessions, "requests.html", views.requests)),
        Route(SIGN_IN, _sign_in(sessions), methods=["GET", "POST"]),
        route("POST", "/local/signin", code),
    ]


def _page(sessions: Sessions, template: str, view: View) -> Any:
    async def endpoint(request: Request) -> Response:
        if not is_local(request):
            return _html("signin.html", {"problem": "Open this page by its own address."}, 403)
        token = sessions.form_token(request)
        if token is None:
            return RedirectResponse(SIGN_IN, 303, headers=_HEADERS)
        state = request.app.state.workspace
        asked = {**request.query_params, **request.path_params}
        found = await run_in_threadpool(view, state, asked)
        if found is None:
            return _html("missing.html", {"path": request.url.path}, 404)
        shown = {"form_token": token, "path": request.url.path, "now": state.clock()}
        return _html(template, {**shown, **found})

    return endpoint


def _action(sessions: Sessions, act: Callable[[Any, str], None]) -> Any:
    async def endpoint(request: Request) -> Response:
        token = sessions.form_token(request)
        given = (await _form(request)).get("token", "")
        if token is None or not is_local(request) or not hmac.compare_digest(given, token):
            return _html("signin.html", {"problem": "Sign in to run or pause alerts."}, 403)
        key = request.path_params["id"]
        await run_in_threadpool(act, request.app.state.workspace, key)
        return RedirectResponse(f"/alerts/{key}", 303, headers=_HEADERS)

    return endpoint


def _sign_in(sessions: Sessions) -> Any:
    async def endpoint(request: Request) -> Response:
        if not is_local(request):
            return _html("signin.html", {"problem": "Open this page by its own address."}, 403)
        if request.method == "GET":
            code = request.query_params.get("code")
            if code is None:
                return _html("signin.html", {"problem": ""})
            good = sessions.redeem(code)
            return _opened(sessions) if good else _html("signin.html", {"problem": _USED}, 403)
        given = (await _form(request)).get("token", "")
        directory = request.app.state.workspace.directory
        try:
            user = directory.authenticate(f"Bearer {given}")
        except ApiError:
            return _html("signin.html", {"problem": "This is no token of the workspace."}, 403)
        if not user.admin:
            return _html("signin.html", {"problem": "The page is for admins."}, 403)
        return _opened(sessions)

    return endpoint


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form; none for what is no form."""
    body = await request.body()
    if len(body) > _LARGEST_FORM:
        return {}
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=10))
    except ValueError:
        return {}


_USED = "This link was used already; ask for a new one: alerts workspace open"


def _opened(sessions: Sessions) -> Response:
    response = RedirectResponse("/", 303, headers=_HEADERS)
    response.set_cookie(COOKIE, sessions.open(), httponly=True, samesite="strict")
    return response


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("databricks_alerts.local_workspace.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        name: getattr(words, name)
        for name in ("moment", "number", "relative", "shortened", "as_time")
    }
    return made


def _html(template: str, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    text = _environment().get_template(template).render(**{"path": "", "live": 0, **values})
    return HTMLResponse(text, status, headers=_HEADERS)
