from collections.abc import Mapping, Sequence

import pytest

from claudestep.domain.errors import UsageError
from claudestep.infrastructure.github.api.token import Token, find_token
from claudestep.infrastructure.process import CommandFailed, Completed

GITHUB = "https://github.com"


class Gh:
    """`process.run`, for a machine where gh holds a token, or does not."""

    def __init__(self, stored: str | None = None) -> None:
        self.stored = stored
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float | None) -> Completed:
        assert timeout is not None
        assert timeout <= 10
        assert env["GH_PROMPT_DISABLED"] == "1"
        self.asked.append(tuple(argv))
        if self.stored is None:
            raise CommandFailed(argv, None, "cannot start gh")
        return Completed(f"{self.stored}\n".encode(), b"")


@pytest.mark.parametrize(
    ("server", "environment", "secret"),
    [
        (GITHUB, {"GITHUB_TOKEN": "b"}, "b"),
        (GITHUB, {"GITHUB_TOKEN": "b", "GH_TOKEN": "a"}, "a"),
        (GITHUB, {"GITHUB_TOKEN": "b", "GH_TOKEN": " "}, "b"),
        (GITHUB, {"GITHUB_TOKEN": " b\n"}, "b"),
        (GITHUB, {"GITHUB_TOKEN": "b", "GH_ENTERPRISE_TOKEN": "e"}, "b"),
        ("https://octo.ghe.com", {"GITHUB_TOKEN": "b", "GH_ENTERPRISE_TOKEN": "e"}, "b"),
        ("https://git.example.com", {"GITHUB_TOKEN": "b", "GH_ENTERPRISE_TOKEN": "e"}, "e"),
        ("https://git.example.com", {"GITHUB_TOKEN": "b"}, "b"),
    ],
)
def test_the_token_comes_from_the_environment_in_the_order_of_gh(
    server: str, environment: dict[str, str], secret: str
) -> None:
    gh = Gh("stored")
    assert find_token(environment, server, gh).reveal() == secret
    assert not gh.asked


def test_gh_is_asked_last_and_for_this_host() -> None:
    gh = Gh("stored")
    assert find_token({}, "https://git.example.com:8443", gh).reveal() == "stored"
    assert gh.asked == [("gh", "auth", "token", "--hostname", "git.example.com:8443")]


@pytest.mark.parametrize("stored", [None, ""])
def test_without_a_token_the_user_is_told_what_to_do(stored: str | None) -> None:
    with pytest.raises(UsageError, match=r"there is no token for github\.com") as refusal:
        find_token({}, GITHUB, Gh(stored))
    assert "GITHUB_TOKEN" in refusal.value.remedy
    assert "--local" in refusal.value.remedy


@pytest.mark.parametrize("secret", ["a\r\nX-Evil: 1", "a b", "geh\u00e4im", "a\x00b"])
def test_what_cannot_stand_in_a_header_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(UsageError, match="GITHUB_TOKEN holds characters") as refusal:
        find_token({"GITHUB_TOKEN": secret}, GITHUB, Gh())
    assert secret not in refusal.value.explained


def test_a_token_hides_itself() -> None:
    token = Token("sekrit")
    assert "sekrit" not in f"{token} {token!r} {[token]}"
