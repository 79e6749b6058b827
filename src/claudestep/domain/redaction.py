"""Secrets are taken out of what an agent says, before it is shown, written down or sent on.

What looks like a token is found by the form that its issuer gives it; a value that is known to be secret as it is,
and in the forms that it is commonly passed on in. Every pattern takes time in proportion to the text: what repeats
without bound is possessive, and a pattern that can fail after a long way never begins on the way of another. (A
group that repeats stands in an atomic one: Python 3.11.2 repeats no group possessively.)
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
"""What stands in place of a secret. Nothing is found across it: what was redacted once stays as it is."""

_SHORTEST = 8
_SHORTEST_LINE = 24
_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)

_BEGIN = (
    r"(?:(?<![A-Za-z0-9].)|(?<=\\[nrt].)|(?<=%[0-9A-Fa-f]{2}.)"
    r"|(?<=\x1b\[[0-9]m.)|(?<=\x1b\[[0-9]{2}m.)|(?<=\x1b\[[0-9];[0-9]{2}m.))"
)
"""After a first letter: not in the middle of a word. What JSON, an address or a colour has there is no word.

It follows the letter, for a pattern that begins with a plain letter is quickly seen not to be there.
"""
_JWT_BEGIN = _BEGIN.replace("(?<![A-Za-z0-9].)", "(?<![A-Za-z0-9_-].)")
_BASE64URL = "[A-Za-z0-9_-]"
_IN_USERINFO = r"""[^\s/@"'<>`]"""
_SCHEME_END = "://"
_IS = r"""["']?\s{0,4}[:=]\s{0,4}["']?"""
_BETWEEN = r"""\s\\#>|"',"""
_KEY_LINE = rf"[{_BETWEEN}]*+[A-Za-z0-9+/=]{{16,}}+"
_GITLAB = "pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt"
"""https://docs.gitlab.com/security/tokens/#token-prefixes"""
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:[^-]*+(?>(?:-(?!----)[^-]*+)*)-----END [A-Z0-9 ]{{0,60}}-----[A-Za-z0-9_-]*+|(?>(?:{_KEY_LINE})+))"
)
"""All of it; where its end is cut off, the lines that can be its own."""
_TOKENS = (
    r"gh[pousr]_[A-Za-z0-9]{20,}+",  # https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    r"github_pat_[A-Za-z0-9]{20,}+[A-Za-z0-9_]*+",
    rf"s{_BEGIN}k-ant-{_BASE64URL}{{16,}}+",
    rf"s{_BEGIN}k-(?:[A-Za-z0-9]{{1,64}}+[-_]){{0,8}}[A-Za-z0-9]{{20,}}+{_BASE64URL}*+",
    rf"A{_BEGIN}[KS]IA[A-Z0-9]{{16}}[A-Za-z0-9]*+",
    rf"x{_BEGIN}ox[a-z]-[A-Za-z0-9-]{{10,}}+",  # https://docs.slack.dev/authentication/tokens
    rf"A{_BEGIN}Iza{_BASE64URL}{{30,}}+",
    rf"n{_BEGIN}pm_[A-Za-z0-9]{{30,}}+",
    rf"p{_BEGIN}ypi-[A-Za-z0-9]{{16,}}+{_BASE64URL}*+",
    rf"g{_BEGIN}l(?:{_GITLAB})-{_BASE64URL}{{20,}}+(?>(?:\.{_BASE64URL}++)*)",
    rf"e{_JWT_BEGIN}yJ{_BASE64URL}{{5,}}+\.{_BASE64URL}{{2,}}+\.{_BASE64URL}*+(?>(?:\.{_BASE64URL}++)*)",
    _PRIVATE_KEY,
    r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/()[A-Za-z0-9/_-]{4,}+",
    rf"{_SCHEME_END}()(?>(?:(?!:){_IN_USERINFO})*):{_IN_USERINFO}*+(?>(?:@{_IN_USERINFO}*+(?=@))*)(?=@)",
    rf"[Aa](?i:uthorization{_IS}(?:bearer|token)\s{{1,4}})()[A-Za-z0-9._~+/=-]{{8,}}+",
    rf"[Aa](?i:uthorization{_IS}basic\s{{1,4}})()[A-Za-z0-9+/=_-]{{4,}}+",
    rf"[Xx](?i:-api-key{_IS})()[A-Za-z0-9._~+/=-]{{8,}}+",
)
"""What looks like a secret; what stands before an empty group is only what it stands in, and is kept."""
_TOKEN = re.compile("|".join(_TOKENS))
_LINE_OF_KEY = rf"(?>(?:[{_BETWEEN}]|[nrt]\\)*)[A-Za-z0-9+/=]{{16,}}+"
_END_OF_KEY = re.compile(
    r"-----(?:KCOLB )?YEK ETAVIRP[A-Z0-9 ]{0,40} DNE-----()"
    rf"(?:(?>(?:[{_BETWEEN}]|[nrt]\\)*)[A-Za-z0-9+/=]{{1,15}}+(?={_LINE_OF_KEY}))?(?>(?:{_LINE_OF_KEY})+)"
)
"""The lines of a private key whose begin is cut off, read backwards: so it begins with what is sure."""


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with REDACTED in place of these secrets, and of all else that looks like one."""
    forms = [form for secret in secrets for form in _forms(secret) if form in text]
    if forms:
        longest_first = sorted(set(forms), key=len, reverse=True)
        text = _between_walls(text, re.compile("|".join(map(re.escape, longest_first))))
    text = _between_walls(text, _TOKEN)
    return _without_ends_of_keys(text) if "PRIVATE KEY" in text else text


def holds_secret(data: bytes, secrets: Iterable[str]) -> bool:
    """Whether one of these secrets stands in `data`, as it is or in a form that it is commonly passed on in."""
    forms = (form for secret in secrets for form in _forms(secret))
    return any(form.encode(errors="surrogateescape") in data for form in forms)


def secret_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the variables that by their names are secret."""
    return tuple(value for name, value in environment.items() if value and _NAME.search(name))


def _between_walls(text: str, pattern: re.Pattern[str]) -> str:
    return REDACTED.join(pattern.sub(_wall, part) for part in text.split(REDACTED))


def _wall(match: re.Match[str]) -> str:
    return f"{_kept(match)}{REDACTED}"


def _wall_backwards(match: re.Match[str]) -> str:
    return f"{_kept(match)}{REDACTED[::-1]}"


def _kept(match: re.Match[str]) -> str:
    return match.string[match.start() : match.start(match.lastindex)] if match.lastindex else ""


def _without_ends_of_keys(text: str) -> str:
    parts = (_END_OF_KEY.sub(_wall_backwards, part[::-1])[::-1] for part in text.split(REDACTED))
    return REDACTED.join(parts)


def _forms(secret: str) -> Iterator[str]:
    """A secret in all forms that it may stand in a text in; none where it is too short to be told from a word."""
    for value in _values(secret):
        yield value
        data = value.encode(errors="surrogateescape")
        yield from (quote(data, safe=""), quote(data), quote_plus(data))
        yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        yield json.dumps(value)[1:-1].replace("/", "\\/")
        yield from _base64_forms(data)
        yield from (data.hex(), data.hex().upper())


def _values(secret: str) -> Iterator[str]:
    """The secret without the white space around it, and its long lines, for a patch and a log have them singly."""
    value = secret.strip()
    if len(value) < _SHORTEST or value in REDACTED:
        return
    yield value
    lines = map(str.strip, value.splitlines()) if "\n" in value else ()
    yield from (line for line in lines if len(line) >= _SHORTEST_LINE and " " not in line)


def _base64_forms(value: bytes) -> Iterator[str]:
    """Base64, also where other bytes stand before it and after it (`user:secret`): what does not depend on them."""
    for before, skipped in enumerate((0, 2, 3)):
        whole = (before + len(value)) * 8 // 6
        encoded = base64.b64encode(bytes(before) + value).decode()[skipped:whole]
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"))
