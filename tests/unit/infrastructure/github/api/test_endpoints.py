import pytest

from claudestep.domain.errors import UsageError
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName, repository_of_remote

SHOP = RepositoryName("octo-org", "shop")


@pytest.mark.parametrize(
    ("environment", "endpoints"),
    [
        ({}, Endpoints("https://api.github.com", "https://api.github.com/graphql", "https://github.com")),
        (
            {"GITHUB_SERVER_URL": "https://git.example.com/"},
            Endpoints(
                "https://git.example.com/api/v3", "https://git.example.com/api/graphql", "https://git.example.com"
            ),
        ),
        (
            {"GITHUB_API_URL": "https://git.example.com/api/v3"},
            Endpoints(
                "https://git.example.com/api/v3", "https://git.example.com/api/graphql", "https://git.example.com"
            ),
        ),
        (
            {"GITHUB_SERVER_URL": "https://octo.ghe.com"},
            Endpoints("https://api.octo.ghe.com", "https://api.octo.ghe.com/graphql", "https://octo.ghe.com"),
        ),
        (
            {"GITHUB_API_URL": "https://api.octo.ghe.com"},
            Endpoints("https://api.octo.ghe.com", "https://api.octo.ghe.com/graphql", "https://octo.ghe.com"),
        ),
        (
            {
                "GITHUB_API_URL": "http://127.0.0.1:1/",
                "GITHUB_GRAPHQL_URL": "http://[::1]:2/g",
                "GITHUB_SERVER_URL": "http://localhost:3",
            },
            Endpoints("http://127.0.0.1:1", "http://[::1]:2/g", "http://localhost:3"),
        ),
    ],
)
def test_of_the_addresses_that_are_given_the_others_follow(
    environment: dict[str, str], endpoints: Endpoints
) -> None:
    assert Endpoints.read(environment) == endpoints


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL"])
@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://git.example.com", "unencrypted"),
        ("http://127.0.0.1.example.com", "unencrypted"),
        ("ftp://git.example.com", "no web address"),
        ("git.example.com", "no web address"),
        ("https://", "no web address"),
        ("https://git.example.com:port", "no web address"),
        ("https://[git.example.com", "no web address"),
        ("https://git.example.com/a b", "no web address"),
        ("https://octo:secret@git.example.com", "more than scheme, host and path"),
        ("https://git.example.com?token=secret", "more than scheme, host and path"),
    ],
)
def test_an_address_that_cannot_be_or_would_leak_is_refused(name: str, address: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as refusal:
        Endpoints.read({name: address})
    assert "secret" not in refusal.value.explained


def test_git_has_its_address_on_the_server() -> None:
    assert Endpoints.read({}).git_url(SHOP) == "https://github.com/octo-org/shop.git"


@pytest.mark.parametrize("text", ["octo-org/shop", "o/r.js", "o/.github", "emu_user/a"])
def test_a_repository_has_an_owner_and_a_name(text: str) -> None:
    assert str(RepositoryName.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "shop", "a/b/c", "/shop", "o/", "o/..", "o/.", "-o/r", "o/r?x", "o/r\n", "ö/r"]
)
def test_what_names_no_repository_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no repository"):
        RepositoryName.parse(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo-org/shop.git",
        "https://github.com/octo-org/shop",
        "https://github.com/octo-org/shop/",
        "https://GitHub.com:443/octo-org/shop.git",
        "https://x-access-token:secret@github.com/octo-org/shop.git",
        "git@github.com:octo-org/shop.git",
        "github.com:octo-org/shop",
        "git@github.com:/octo-org/shop.git",
        "ssh://git@github.com/octo-org/shop.git",
        "ssh://git@github.com:22/octo-org/shop",
        "ssh://git@ssh.github.com:443/octo-org/shop.git",
        "git@ssh.github.com:octo-org/shop.git",
    ],
)
def test_a_remote_names_its_repository(url: str) -> None:
    assert repository_of_remote(url, "https://github.com") == SHOP


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/octo-org/shop.git",
        "https://github.com.evil.example/octo-org/shop.git",
        "https://github.com@evil.example/octo-org/shop.git",
        "https://github.com:8443/octo-org/shop.git",
        "https://github.com/octo-org",
        "https://github.com/octo-org/shop/tree/main",
        "https://github.com:x/octo-org/shop",
        "https://[github.com/octo-org/shop",
        "git@work-alias:octo-org/shop.git",
        "file:///srv/github.com/octo-org/shop.git",
        "/srv/git/shop.git",
        "../shop",
        "C:\\shop",
        "",
    ],
)
def test_a_remote_that_is_elsewhere_names_none(url: str) -> None:
    assert repository_of_remote(url, "https://github.com") is None


def test_two_servers_of_one_machine_are_told_apart_by_their_ports() -> None:
    assert repository_of_remote("http://127.0.0.1:81/octo-org/shop.git", "http://127.0.0.1:81") == SHOP
    assert repository_of_remote("http://127.0.0.1:82/octo-org/shop.git", "http://127.0.0.1:81") is None
    assert repository_of_remote("http://127.0.0.1/octo-org/shop.git", "http://127.0.0.1:81") is None
