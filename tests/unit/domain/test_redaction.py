import base64
import json
import random
import re
import resource
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claudestep.domain import redaction
from claudestep.domain.redaction import REDACTED, holds_secret, redacted, secret_values

ROOT = Path(__file__).parents[3]
LETTERS = "abcDEF123456ghiJKL7890mnoPQRstuVWX456yzAbCdEfGhIjKlMnOpQrStUvWx01"
"""Random enough for every form. (Tokens are put together here: no scanner takes them for some that were lost.)"""
KEY_LINES = "\n".join([LETTERS, LETTERS[::-1], LETTERS, "Ag=="])
PRIVATE_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_LINES}\n-----END RSA PRIVATE KEY-----"
JWT = f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:30]}.{LETTERS[:43]}"

TOKENS = [
    *(f"gh{kind}_{LETTERS[:36]}" for kind in "pousr"),
    f"github_pat_{LETTERS[:22]}_{LETTERS[:59]}",
    f"sk-ant-api03-{LETTERS}-{LETTERS[:20]}_x-AA",
    f"sk-ant-oat01-{LETTERS}",
    f"sk-{LETTERS[:48]}",
    f"sk-proj-{LETTERS}_{LETTERS[:30]}-{LETTERS[:20]}",
    f"sk-or-v1-{'0123456789abcdef' * 4}",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ASIA" + "Y34FZKBOKMUTVV7A",
    f"xoxb-{'1234567890'}-{'1234567890'}-{LETTERS[:24]}",
    f"xoxp-{LETTERS[:30]}",
    f"AIza{LETTERS[:35]}",
    f"npm_{LETTERS[:36]}",
    f"pypi-AgEIcHlwaS5vcmc{LETTERS}_-{LETTERS}",
    f"glpat-{LETTERS[:20]}",
    f"glpat-{LETTERS[:27]}.01.{LETTERS[:9]}",
    f"gldt-{LETTERS[:20]}",
    JWT,
    f"{JWT[: JWT.rindex('.')]}.",
    f"{JWT}.{LETTERS[:22]}.{LETTERS[:22]}",
    PRIVATE_KEY,
    PRIVATE_KEY.replace("RSA ", ""),
    PRIVATE_KEY.replace("RSA", "OPENSSH"),
    PRIVATE_KEY.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "around",
    [
        "{}", "the token is {}.", "'{}'", '{{"a":"{}"}}', "TOKEN={}", "a\\n{}\\n", "x%3A{}", "\x1b[1m{}\x1b[0m",
        "\x1b[1;31m{}\x1b[0m", "+{}", "`{}`", "({})", "see:{},", "größer {} 迁移", "{}\r\n",
    ],
)  # fmt: skip
def test_what_looks_like_a_token_is_taken_out_and_all_around_it_is_kept(token: str, around: str) -> None:
    assert redacted(around.format(token)) == around.format(REDACTED)


def test_a_private_key_is_taken_out_whole_also_where_its_lines_are_prefixed_or_escaped() -> None:
    as_diff = PRIVATE_KEY.replace("\n", "\n+")
    quoted = PRIVATE_KEY.replace("\n", "\n> ")
    for text in (as_diff, quoted, json.dumps(PRIVATE_KEY)[1:-1], PRIVATE_KEY.replace("\n", "\r\n")):
        assert redacted(f"before\n{text}\nafter") == f"before\n{REDACTED}\nafter"


def test_a_private_key_is_taken_out_also_where_its_end_or_its_begin_is_cut_off() -> None:
    for text in (PRIVATE_KEY, json.dumps(PRIVATE_KEY)[1:-1]):
        for cut in range(60, len(text)):
            for part in (redacted(f"say\n{text[:cut]}"), redacted(text[-cut:])):
                found = re.findall("[A-Za-z0-9]{16,}", part)
                assert not found, part


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:secret@host/x", "https://[redacted]@host/x"),
        (
            "git clone https://x-access-token:abc@github.com/o/r.git",
            "git clone https://[redacted]@github.com/o/r.git",
        ),
        ("postgres://u:p@ss:w0rd!@db:5432/x", "postgres://[redacted]@db:5432/x"),
        ("https://:pw@h https://token:@h", "https://[redacted]@h https://[redacted]@h"),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer [redacted]"),
        ("> authorization: token abcdefgh12\n", "> authorization: token [redacted]\n"),
        ("Proxy-Authorization: Basic bTpw", "Proxy-Authorization: Basic [redacted]"),
        ('{"Authorization": "Bearer a.b-c_d~e+f/g=="}', '{"Authorization": "Bearer [redacted]"}'),
        ("AUTHORIZATION: basic eC1hY2Nlc3M6b2xk", "AUTHORIZATION: basic [redacted]"),
        ("x-api-key: abcd-efgh", "x-api-key: [redacted]"),
        ("'X-Api-Key': 'abcd-efgh'", "'X-Api-Key': '[redacted]'"),
        (
            "https://hooks.slack.com/services/T0001/B0002/abc",
            "https://hooks.slack.com/services/[redacted]",
        ),
        ("hooks.slack.com/workflows/T0001/x", "hooks.slack.com/workflows/[redacted]"),
    ],
)
def test_a_secret_is_taken_out_of_what_it_stands_in(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "465155a8f0c1d2e3a4b5c6d7e8f90123456789ab", "0123456789abcdef" * 4, "sha512-" + LETTERS + "==",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479", "/tmp/pytest-of-root/pytest-1028/popen-gw1/test_what_an_agent",
        "task-list-of-things-to-do-later-on", "sk-learn-compatible-estimators-in-python",
        "highs_and_lows_of_the_market", "github_pat_token_environment_variable",
        "global-configuration-of-all-the-things", "glass-half-full-optimism", "npm_config_registry",
        "npm_lifecycle_event_of_the_package", "pypi-publish-action-with-trusted-publishers",
        "ASIAN MARKETS AND AKIA", "AIza", "https://host:8080/a@b", "http://[::1]:80/", "ssh://git@host:22/x",
        "git@github.com:octo-org/shop.git", "https://user@host/x", "mailto:me@example.org",
        '{"a":"http://host:80","b":"me@example.org"}', "Authorization: Bearer <token>",
        "the header Authorization: Bearer $TOKEN", "Authorization is needed", "x-api-key: ...", "invalid x-api-key",
        "-----BEGIN PRIVATE KEY----- is how it begins", "see -----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQ\n-----END CERTIFICATE-----", "[redacted]", "ghp_short",
        "sk-ant-...", "eyJ.a.b", "hooks.slack.com/services/...", "${{ secrets.ANTHROPIC_API_KEY }}",
        "version 1.2.3-beta.4+build.5",
    ],
)  # fmt: skip
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redacted(text) == text


@given(st.binary(min_size=8, max_size=8), st.uuids(), st.binary(min_size=20, max_size=32))
def test_ids_of_claims_of_commits_and_of_others_are_left_alone(
    claim: bytes, other: uuid.UUID, commit: bytes
) -> None:
    text = f"{claim.hex()} {other} {commit.hex()} {claim.hex()}-1 claude-step-p-1.2 {claim.hex()}.spent.json"
    assert redacted(text) == text


def _own_texts() -> Iterator[Path]:
    for place in ("src", "docs", "scripts", "requirements"):
        yield from (path for path in (ROOT / place).rglob("*.*") if path.suffix in (".py", ".md", ".json", ".lock"))
    yield from ROOT.glob("*.md")


def test_our_own_texts_have_no_secret_and_a_planted_one_is_found() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in _own_texts()}
    assert len(texts) > 200
    chosen = random.Random(1)
    for path, text in texts.items():
        assert redacted(text) == text, path
        lines = text.splitlines()
        place, token = chosen.randint(0, len(lines)), chosen.choice(TOKENS)
        planted, shown = ("\n".join([*lines[:place], what, *lines[place:]]) for what in (token, REDACTED))
        assert redacted(planted) == shown, path


# Secrets that are known


SECRETS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).filter(
    lambda text: len(text.strip()) >= 8 and text.strip() not in REDACTED
)


def forms(secret: str) -> list[str]:
    """Made by others than the code under test: a URL, a header, a JSON document."""
    value = secret.strip()
    around = [(before, after) for before in ("", "x:", "xy:", "xyz:") for after in ("", ":y")]
    whole = [base64.b64encode(f"{before}{value}{after}".encode()).decode() for before, after in around]
    return [
        value, quote(value, safe=""), quote_plus(value), json.dumps({"a": value}),
        json.dumps([value], ensure_ascii=False), *whole, base64.urlsafe_b64encode(value.encode()).decode(),
        json.dumps(value).replace("/", "\\/"), value.encode().hex(), value.encode().hex().upper(),
    ]  # fmt: skip


@given(SECRETS)
@example("p+ss/w?rd>~~~")
@example('with "quotes" and \\')
@example("größer 迁移 🚀")
def test_a_known_secret_is_taken_out_in_every_form_that_it_is_passed_on_in(secret: str) -> None:
    for form in forms(secret):
        text = f"before [{form}] after"
        shown = redacted(text, [secret])
        assert REDACTED in shown
        assert shown.startswith("before [")
        assert shown.endswith("] after")
        assert form not in shown
        assert len(shown) <= len(REDACTED) + len("before [] after") + 16, "of base64 at most its ends are left"


@given(SECRETS)
def test_a_known_secret_is_found_in_bytes(secret: str) -> None:
    value = secret.strip().encode()
    shown = [
        value,
        value.hex().encode(),
        value.hex().upper().encode(),
        base64.b64encode(b"me:" + value),
        quote(value).encode(),
    ]
    for form in shown:
        assert holds_secret(b"\0\xff+" + form + b"\n", [secret])
    assert not holds_secret(b"", [secret])
    if b"\n" not in value and b"\r" not in value:  # of several lines, one that is long enough tells it, too
        assert not holds_secret(value[:-1], [secret])


@pytest.mark.parametrize("short", ["", " ", "1234567", "       1234567   ", "redacted", "[redacted]"])
def test_what_is_too_short_to_be_told_from_a_word_is_no_secret(short: str) -> None:
    text = f"a {short} b redacted"
    assert redacted(text, [short]) == text
    assert not holds_secret(text.encode(), [short])


def test_nothing_is_found_across_what_was_redacted() -> None:
    assert redacted("a [redacted]selves b", ["acted]selves"]) == "a [redacted]selves b"
    assert redacted("https://me:[redacted]@host") == "https://me:[redacted]@host"


def test_the_longer_of_two_secrets_is_taken_out_whole() -> None:
    assert redacted("a 12345678-and-more b", ["12345678", "12345678-and-more"]) == "a [redacted] b"


def test_a_line_of_a_secret_of_many_lines_is_a_secret() -> None:
    line = LETTERS[:40]
    secret = f"short\n{line}\nwith a space in it, however long it may be\n"
    assert redacted(f"+{line}", [secret]) == "+[redacted]"
    assert redacted("short, with a space in it, however long it may be", [secret]).startswith("short")
    assert holds_secret(f"+short\n+{line}\n".encode(), [secret])


def test_a_secret_that_is_no_text_is_one_all_the_same() -> None:
    """A variable of the environment may have any bytes."""
    secret = b"secret \xff\xfe bytes".decode(errors="surrogateescape")
    assert redacted(f"a {secret} b", [secret]) == "a [redacted] b"
    assert redacted("a secret%20%FF%FE%20bytes b", [secret]) == "a [redacted] b"
    assert holds_secret(b"a secret \xff\xfe bytes b", [secret])


def test_the_values_of_variables_whose_names_are_secret() -> None:
    environment = {
        "ANTHROPIC_API_KEY": "a", "my_token": "b", "DB_PASSWORD": "c", "SECRET": "d", "AWS_CREDENTIALS": "e",
        "EMPTY_TOKEN": "", "PATH": "f", "HOME": "g",
    }  # fmt: skip
    assert secret_values(environment) == ("a", "b", "c", "d", "e")


# Again, and at length


FRAGMENTS = st.lists(
    st.sampled_from(
        [*TOKENS, "eyJabcdefgh", ".", "-", "_", "://", "@", ":", "-----", "-----BEGIN PRIVATE KEY-----",
         "-----END PRIVATE KEY-----", "authorization: bearer ", "x-api-key:", "AKIA", "sk-", LETTERS[:16], "\n",
         " ", "a", REDACTED, "secret-1", "hooks.slack.com/services/", "\\n", "[", "]"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(FRAGMENTS | st.text())
@example(f"AKIA{LETTERS[:16].upper()}ghp_{LETTERS}")
@example(f"{PRIVATE_KEY}{JWT}")
def test_what_was_redacted_stays_as_it_is(text: str) -> None:
    once = redacted(text, ["secret-1", "acted]se", "et-1secr"])
    assert redacted(once, ["secret-1", "acted]se", "et-1secr"]) == once


def _repeats(parsed: Any) -> Iterator[tuple[str, int]]:
    """Every repetition in a parsed pattern: its kind, and how often at most."""
    for kind, about in parsed:
        if str(kind) == "ATOMIC_GROUP" and [str(inner) for inner, _ in about] == ["MAX_REPEAT"]:
            ((_, (_, most, repeated)),) = about  # as good as a possessive one
            yield "POSSESSIVE_REPEAT", int(most)
            yield from _repeats(repeated)
            continue
        if str(kind).endswith("_REPEAT"):
            yield str(kind), int(about[1])
        inner = about if isinstance(about, (list, tuple)) else (about,)
        for part in inner:
            for one in part if isinstance(part, list) else (part,):
                if hasattr(one, "getwidth"):
                    yield from _repeats(one)


@pytest.mark.parametrize("name", ["_TOKEN", "_END_OF_KEY"])
def test_no_pattern_goes_back_over_what_repeats_without_bound(name: str) -> None:
    """That is what makes a pattern take more than proportionate time at one place of a text."""
    pattern = getattr(redaction, name).pattern
    found = list(_repeats(re._parser.parse(pattern)))  # type: ignore[attr-defined]
    assert len(found) > 5
    for kind, most in found:
        assert kind == "POSSESSIVE_REPEAT" or most <= 100, (kind, most)


UNITS = [
    "a", " ", "\n", "eyJ", "-eyJ", "eyJaaaaa.", "eyJaaaaaaa.aaa", "\\neyJaaa", "%41eyJaaa", "\x1b[5meyJaaaa",
    "5meyJ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----a-", "-----BEGIN ", "-", "-----",
    "-----END PRIVATE KEY-----", f"{LETTERS}\n", f"{LETTERS}\n-----END PRIVATE KEY-----", "PRIVATE KEY # ",
    "-----END A PRIVATE KEY-----# ", "sk-", "sk-a-", f"sk-{'a' * 19}-", "ghp_", "github_pat_", "glpat-", "xoxb-",
    f"glpat-{'a' * 20}.", "://", "://a:", "://a:b@", "@", ":", "authorization: bearer ", "authorization ",
    "x-api-key:", REDACTED, "AKIA", "npm_", "eyJaaaaaaaa.aa.", "n\\",
]  # fmt: skip
HOSTILE = """\
from claudestep.domain.redaction import holds_secret, redacted
for unit in {units!r}:
    text = "eyJ://" + unit * (1_000_000 // len(unit)) + " PRIVATE KEY"
    redacted(text, ["secret-value"])
    assert not holds_secret(text.encode(), ["secret-value"])
print("done")
"""


def test_texts_of_a_megabyte_that_are_made_to_take_long_take_none() -> None:
    """What is not linear takes hours of the processor for one of these: it is ended after a minute for all."""
    bound = 60
    ended = subprocess.run(
        [sys.executable, "-c", HOSTILE.format(units=UNITS)], capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (bound, bound)),
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr
