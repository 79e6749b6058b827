"""What git is told of a server, and what it is kept from telling others."""

from base64 import b64encode

import pytest

from claudestep.infrastructure.git.remote import Remote

URL = "https://github.example.com/octo-org/shop.git"
SECRET = "ghs_secret"  # noqa: S105  of nobody
HEADER = f"Authorization: Basic {b64encode(f'x-access-token:{SECRET}'.encode()).decode()}"
REMOTE = Remote(URL, lambda: SECRET)


def _settings(environment: dict[str, str]) -> list[tuple[str, str]]:
    count = int(environment["GIT_CONFIG_COUNT"])
    return [(environment[f"GIT_CONFIG_KEY_{n}"], environment[f"GIT_CONFIG_VALUE_{n}"]) for n in range(count)]


def test_the_header_is_for_this_address_and_alone() -> None:
    settings = _settings(REMOTE.environment({}))
    headers = [(name, value) for name, value in settings if name.endswith("extraHeader")]
    assert headers == [(f"http.{URL}.extraHeader", ""), (f"http.{URL}.extraHeader", HEADER)]


def test_no_helper_is_asked_for_this_server() -> None:
    assert ("credential.https://github.example.com.helper", "") in _settings(REMOTE.environment({}))


def test_settings_of_the_environment_stay_and_come_first() -> None:
    before = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy", "GIT_CONFIG_VALUE_0": "http://proxy"}
    settings = _settings(REMOTE.environment(before))
    assert settings == [("http.proxy", "http://proxy"), *_settings(REMOTE.environment({"GIT_CONFIG_COUNT": ""}))]


@pytest.mark.parametrize(
    "name", ["GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE_REDACT", "GIT_CURL_VERBOSE", "GIT_TRACE2_ENV_VARS"]
)
def test_what_would_print_the_token_is_left_out(name: str) -> None:
    environment = REMOTE.environment({name: "1", "HTTPS_PROXY": "http://proxy"})
    assert name not in environment
    assert environment["HTTPS_PROXY"] == "http://proxy"


def test_a_trace_that_the_configuration_asks_for_is_turned_off() -> None:
    environment = REMOTE.environment({"GIT_TRACE2_EVENT": "/tmp/trace"})
    assert {environment[f"GIT_TRACE2{kind}"] for kind in ("", "_EVENT", "_PERF")} == {"0"}


def test_it_does_not_show_its_secret() -> None:
    assert SECRET not in repr(REMOTE)
