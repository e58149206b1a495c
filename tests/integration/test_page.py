"""The workspace's page: who may see it, what it shows, in a real browser where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from html_check import problems
from project import Project

from databricks_alerts.local_workspace import client
from databricks_alerts.local_workspace.process import Running

HOSTILE = "<script>alert(1)</script> & co"
NAMES = [
    "\"'><img src=x onerror=alert(1)>",
    "</title></style><h1>x",
    "x" * 200,
    "\u05d0\u05d1\u05d2 \u202e txt.exe \u0627\u0644",
]


@pytest.fixture
def alert(local_workspace: Running) -> Iterator[str]:
    with created(local_workspace, HOSTILE) as key:
        yield key


@contextmanager
def created(local_workspace: Running, name: str) -> Iterator[str]:
    """An alert of that name for as long as it lasts."""
    sdk = WorkspaceClient(profile="local", config_file=str(local_workspace.config_file))
    document: dict[str, Any] = {
        "display_name": name,
        "query_text": "SELECT 11 AS v -- <b>",
        "warehouse_id": "0000000000000001",
        "evaluation": {
            "source": {"name": "v"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 10}},
        },
        "schedule": {"quartz_cron_schedule": "0 */15 * * * ?", "timezone_id": "UTC"},
    }
    key = str(sdk.alerts_v2.create_alert(AlertV2.from_dict(document)).id)
    try:
        yield key
    finally:
        sdk.alerts_v2.trash_alert(key, purge=True)


@pytest.fixture
def browser(local_workspace: Running) -> Iterator[httpx.Client]:
    """A signed-in client that keeps cookies."""
    with httpx.Client(base_url=local_workspace.url, trust_env=False) as http:
        answer = http.get(client.sign_in_link(local_workspace))
        assert answer.status_code == 303
        yield http


def test_nobody_sees_a_page_without_signing_in(local_workspace: Running, alert: str) -> None:
    with httpx.Client(base_url=local_workspace.url, trust_env=False) as http:
        for path in ("/", f"/alerts/{alert}", "/destinations", "/messages", "/requests"):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
        assert http.post(f"/alerts/{alert}/run").status_code == 403
        assert http.post("/signin", data={"token": "wrong"}).status_code == 403
        assert http.get("/signin?code=wrong").status_code == 403
        link = client.sign_in_link(local_workspace)
        assert http.get(link).status_code == 303
        assert httpx.get(link, trust_env=False).status_code == 403  # it works once
        cookie = http.cookies.jar
        assert all(item.has_nonstandard_attr("HttpOnly") for item in cookie)


def test_a_name_that_is_not_this_machines_is_refused(
    local_workspace: Running, browser: httpx.Client
) -> None:
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert browser.get("/", headers={"Host": "127.0.0.1.evil.example"}).status_code == 403


def test_pages_show_alerts_and_let_them_run(browser: httpx.Client, alert: str) -> None:
    page = browser.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page.text
    assert "every 15 minutes" in page.text
    detail = browser.get(f"/alerts/{alert}").text
    assert '<span class="s-comment"> -- &lt;b&gt;</span>' in detail
    token = detail.split('name="token" value="')[1].split('"')[0]
    assert browser.post(f"/alerts/{alert}/run", data={"token": "x"}).status_code == 403
    for _ in range(2):
        assert browser.post(f"/alerts/{alert}/run", data={"token": token}).status_code == 303
    detail = browser.get(f"/alerts/{alert}").text
    assert "TRIGGERED" in detail
    assert detail.count('<path class="mark m-TRIGGERED"') == 1, "it fired once"
    for path in ("/", f"/alerts/{alert}", "/destinations", "/messages", "/requests"):
        answer = browser.get(path)
        assert (answer.status_code, problems(answer.text)) == (200, []), path
    for path in ("/alerts/nothing", "/alerts/%3Cb%3E"):
        answer = browser.get(path)
        assert (answer.status_code, problems(answer.text)) == (404, []), path
    assert problems(browser.get("/signin").text) == []


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_shown_as_texts(
    local_workspace: Running, browser: httpx.Client, name: str
) -> None:
    with created(local_workspace, name) as key:
        # Searched for: the list has pages, and other tests have alerts there.
        for path, search in (("/", {"q": name}), (f"/alerts/{key}", {})):
            answer = browser.get(path, params=search)
            assert problems(answer.text) == []
            assert f"<bdi>{escape(name)}</bdi>" in unescaped_quotes(answer.text)


def unescaped_quotes(text: str) -> str:
    """Quotes as `html.escape` writes them; Jinja has other numbers for them."""
    return text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def test_an_alert_is_paused_by_a_button_and_found_by_a_search(
    browser: httpx.Client, alert: str
) -> None:
    detail = browser.get(f"/alerts/{alert}").text
    token = detail.split('name="token" value="')[1].split('"')[0]
    for name in ("pause", "resume"):
        assert browser.post(f"/alerts/{alert}/{name}", data={"token": "x"}).status_code == 403
        assert f"/alerts/{alert}/{name}" in browser.get(f"/alerts/{alert}").text
        assert browser.post(f"/alerts/{alert}/{name}", data={"token": token}).status_code == 303
    found = browser.get("/", params={"q": "ALERT(1)", "sort": "name", "order": "desc"}).text
    assert f"/alerts/{alert}" in found
    for nothing in ({"q": "nobody has this name"}, {"severity": "INFO", "q": "alert(1)"}):
        assert "No alert is like that" in browser.get("/", params=nothing).text


def test_rules_tell_domain_owner_and_severity(
    project: Project, local_workspace: Running, browser: httpx.Client
) -> None:
    """They stand in a table of the warehouse: an alert without a rule has none of them."""
    with created(local_workspace, "of a rule") as key:
        update = (
            f"UPDATE alert_configurations SET databricks_alert_id = '{key}', "
            "agent_domain = 'TIDES', owner = 'moon@example.com', severity = 'CRITICAL' "
            "WHERE alert_id = 'COST-001'"
        )
        project.sql(update)
        found = browser.get("/", params={"domain": "TIDES", "severity": "CRITICAL"}).text
        assert "moon@example.com" in found
        assert f"/alerts/{key}" in found


_BROKEN = """return [...document.querySelectorAll(".chip")]
  .filter((chip) => chip.offsetHeight >= 2 * parseFloat(getComputedStyle(chip).lineHeight))
  .map((chip) => chip.textContent)"""


@pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="chromium and chromedriver are not installed",
)
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_a_browser_can_read_it_and_use_the_keyboard(
    local_workspace: Running, alert: str, width: int
) -> None:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support import expected_conditions
    from selenium.webdriver.support.wait import WebDriverWait

    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", f"--window-size={width},900"):
        options.add_argument(flag)
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    try:
        driver.get(client.sign_in_link(local_workspace))
        driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
        assert driver.switch_to.active_element.text == "Skip to content"
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= driver.execute_script("return window.innerWidth")
        driver.find_element(By.LINK_TEXT, HOSTILE).send_keys(Keys.ENTER)
        driver.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        evaluated = expected_conditions.text_to_be_present_in_element((By.TAG_NAME, "main"), "TRIG")
        WebDriverWait(driver, 30).until(evaluated)
        assert urlsplit(driver.current_url).path == f"/alerts/{alert}"
        assert "TRIGGERED" in driver.find_element(By.TAG_NAME, "main").text
        assert driver.execute_script(_BROKEN) == [], "a chip stands on one line"
    finally:
        driver.quit()
