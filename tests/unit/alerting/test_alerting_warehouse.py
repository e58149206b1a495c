"""How a warehouse is reached."""

from __future__ import annotations

import pytest

from databricks_alerts.sql import warehouse


@pytest.mark.parametrize(
    ("environment", "host", "expected"),
    [
        ({}, "adb.example.com", False),
        ({"https_proxy": "http://proxy.example.com:3128"}, "adb.example.com", True),
        (
            {"https_proxy": "http://proxy.example.com:3128", "no_proxy": "example.com"},
            "adb.example.com",
            False,
        ),
    ],
)
def test_a_host_behind_a_proxy_is_not_knocked_at_directly(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], host: str, expected: bool
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert warehouse._proxied("https", host) is expected
