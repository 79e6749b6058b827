import pytest

from claudestep.domain.errors import UsageError
from claudestep.infrastructure.github.api.proxies import proxy_of

API = "https://api.github.com/graphql"
PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": "http://other.example.com", "https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "https_proxy": ""}, ""),
        ({"HTTPS_PROXY": "proxy.example.com:3128"}, PROXY),
        ({"HTTP_PROXY": PROXY}, ""),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com, api.github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": ".github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*.GitHub.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "*"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "hub.com,api.github.com.example.com,,"}, PROXY),
    ],
)
def test_the_proxy_is_the_one_that_curl_would_use(environment: dict[str, str], proxy: str) -> None:
    assert proxy_of(API, environment) == proxy


def test_an_exception_can_be_for_one_port() -> None:
    environment = {"HTTPS_PROXY": PROXY, "NO_PROXY": "git.example.com:8443"}
    assert proxy_of("https://git.example.com:8443/api", environment) == ""
    assert proxy_of("https://git.example.com/api", environment) == PROXY


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.8.8"])
def test_this_machine_needs_no_proxy(host: str) -> None:
    assert proxy_of(f"http://{host}:8000/x", {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}) == ""


def test_a_header_of_a_cgi_request_sets_no_proxy() -> None:
    assert proxy_of("http://git.example.com", {"HTTP_PROXY": PROXY}) == PROXY
    assert proxy_of("http://git.example.com", {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}) == ""


@pytest.mark.parametrize(
    "proxy", ["socks5://me:secret@p", "http://me:secret@p:port", "http://", "http://[me:secret"]
)
def test_a_proxy_that_cannot_be_used_is_refused_and_not_shown(proxy: str) -> None:
    with pytest.raises(UsageError, match="the proxy") as refusal:
        proxy_of(API, {"HTTPS_PROXY": proxy})
    assert "secret" not in refusal.value.explained
