"""What is written down is so: schemas, tables, command lines and links."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import typer
import yaml
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.core import TyperGroup

from claudestep.cli.main import app
from claudestep.domain.errors import ConfigurationError, InvalidDocument
from claudestep.domain.models import Project
from claudestep.infrastructure.config_file import read_config, read_repository_config
from claudestep.infrastructure.metadata import codec
from tests.integration.repository import CONFIGURATION, PROJECT, Repository
from tests.unit.strategies import projects

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "src/claudestep/schemas"
GOLDEN = ROOT / "tests/unit/golden"
EXAMPLE = ROOT / "examples/bookshop/claude-step/modernise/configuration.yml"
REPOSITORY_WIDE = "# claude-step/configuration.yml\n"
_NOT_IN_A_SLUG = re.compile(r"[^\w\- ]")


@cache
def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def problems(name: str, value: object) -> list[str]:
    """What a validator that nobody here wrote says against a value."""
    validator = jsonschema_rs.Draft202012Validator(schema(name), validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]


def pages() -> list[Path]:
    """Every page of the repository; those below tests/ are data."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [ROOT / path for path in listed if not path.startswith("tests/") and (ROOT / path).exists()]


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def inlines(page: Path) -> Iterator[Token]:
    return (child for token in tokens(page) for child in token.children or [])


# What is made


def test_everything_that_is_made_is_up_to_date() -> None:
    argv = [sys.executable, "scripts/make_docs.py", "--check"]
    result = subprocess.run(argv, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


# Schemas


@pytest.mark.parametrize("name", ["configuration", "repository-configuration", "document"])
def test_a_schema_that_is_shipped_is_one(name: str) -> None:
    jsonschema_rs.meta.validate(schema(name))


def test_the_schema_accepts_the_example() -> None:
    assert problems("configuration", yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "options", [(), ("--reviewer", "alice", "--reviewer", "bob:2", "--model", "m"), ("--command", "./x.sh")]
)
def test_the_schema_accepts_what_init_writes_and_is_what_init_writes(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    repository = Repository(tmp_path)
    repository.git("init", "--quiet")
    with repository.start("init", PROJECT, "--yes", *options) as process:
        assert process.communicate()[0]
    written = yaml.safe_load((repository.path / CONFIGURATION).read_text(encoding="utf-8"))
    assert written["agent"]
    assert problems("configuration", written) == []
    beside = repository.path / "claude-step/configuration.schema.json"
    assert json.loads(beside.read_text(encoding="utf-8")) == schema("configuration")


USES_AN_AI = """
echo "$CLAUDESTEP_STEP_DESCRIPTION" > "$CLAUDESTEP_STEP_INDEX.txt"
cat > "$CLAUDESTEP_USAGE_FILE" <<'END'
[{"type": "PRCreation", "model": "m", "cost_usd": 0.25, "created_at": "2025-01-15T10:30:00Z",
  "tokens_cache_read": 5, "usage_by_model": {"m": {"cost_usd": 0.2}, "n": {"tokens_input": 7}}},
 {"type": "PRSummary", "model": "m", "cost_usd": null, "created_at": "2025-01-15T10:31:00Z"}]
END
"""


def test_the_schema_accepts_the_document_of_a_real_run(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=USES_AN_AI, more="retryClosed: true\n")
    assert repository.run("run", PROJECT).code == 0
    assert repository.run("close", "1", "--reason", "not so").code == 0
    assert repository.run("run", PROJECT).code == 0
    assert repository.run("skip", PROJECT, "3").code == 0
    document = repository.document()
    step = document["steps"][0]
    assert step["previous_pull_requests"][0]["closed_reason"] == "not so"
    assert step["ai_tasks"][0]["usage_by_model"]
    assert "skipped_at" in document["steps"][2]
    assert problems("document", document) == []


@given(projects())
def test_the_schema_accepts_whatever_the_codec_writes(project: Project) -> None:
    assert problems("document", json.loads(codec.encode(project))) == []


def test_the_schema_accepts_a_document_with_all_keys_and_unknown_ones() -> None:
    document = json.loads((GOLDEN / "full.json").read_text(encoding="utf-8"))
    assert problems("document", document) == []


@pytest.mark.parametrize(
    "text",
    [
        "revievers: []",
        "agent: {comand: ./x.sh}",
        "agent: {permissionMode: yolo}",
        "agent: {env: [NOT-A-NAME]}",
        "reviewers: [{maxOpenPRs: 1}]",
        "reviewers: [{username: '@alice'}]",
        "timeoutMinutes: 0",
        "maxRepairs: -1",
        "budget: {perStepUsd: free}",
        "onFailure: ignore",
    ],
)
def test_schema_and_program_refuse_the_same_configurations(text: str) -> None:
    assert problems("configuration", yaml.safe_load(text))
    assert problems("repository-configuration", {"defaults": yaml.safe_load(text)})
    with pytest.raises(ConfigurationError):
        read_config("configuration.yml", text.encode())
    with pytest.raises(ConfigurationError):
        read_repository_config("configuration.yml", f"defaults:\n  {text}".encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schema_version": "1.0"', '"schema_version": 1'),
        ('"pr_state": "merged"', '"pr_state": "done"'),
        ('"cost_usd": 0.155', '"cost_usd": "0.155"'),
        ('"created_at": "2025-01-13T10:30:00Z"', '"created_at": "2025-01-13T10:30:00"'),
        ('"step_index": 2,', ""),
    ],
)
def test_schema_and_program_refuse_the_same_documents(old: str, new: str) -> None:
    text = (GOLDEN / "full.json").read_text(encoding="utf-8")
    name = json.loads(text)["project"]
    broken = text.replace(old, new, 1)
    assert broken != text
    assert problems("document", json.loads(broken))
    with pytest.raises(InvalidDocument):
        codec.decode(f"projects/{name}.json", broken.encode())


def test_a_switch_is_shown_with_what_takes_it_back() -> None:
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert "| `--workflow / --no-workflow` |" in page
    assert "| `--summary / --no-summary` |" in page


# The tables of docs/metadata-schema.md

KINDS = {
    "Project": "Project",
    "Step": "Step",
    "Claim": "Claim",
    "Owner": "Owner",
    "Previous pull request": "PreviousPullRequest",
    "AI task": "AITask",
    "Usage of a model": "ModelUsage",
}


def tables(page: Path) -> Mapping[str, list[list[str]]]:
    """The rows of the table below each heading, without its head."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return {name: rows[2:] for name, rows in found.items()}


@pytest.mark.parametrize("heading", KINDS)
def test_a_table_has_the_keys_of_the_schema_in_their_order(heading: str) -> None:
    rows = tables(ROOT / "docs/metadata-schema.md")[heading]
    written = {key: "optional" not in row[1] for row in rows for key in re.findall(r"`([a-z_]+)`", row[0])}
    kind = schema("document")["$defs"][KINDS[heading]]
    assert written == {key: key in kind["required"] for key in kind["properties"]}
    assert list(written) == list(kind["properties"])


def test_every_kind_of_the_schema_has_a_table() -> None:
    assert sorted(KINDS.values()) == sorted(schema("document")["$defs"])


# The examples of the pages


def blocks(language: str) -> list[str]:
    return [t.content for page in pages() for t in tokens(page) if t.type == "fence" and t.info == language]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_configuration_that_is_shown_works(text: str) -> None:
    value = yaml.safe_load(text)
    if text.startswith(REPOSITORY_WIDE):
        assert problems("repository-configuration", value) == []
        read_repository_config("configuration.yml", text.encode())
    else:
        assert problems("configuration", value) == []
        read_config("configuration.yml", text.encode())


def test_a_document_that_is_shown_can_be_read() -> None:
    documents = [text for text in map(json.loads, blocks("json")) if "schema_version" in text]
    assert documents
    for document in documents:
        codec.decode(f"projects/{document['project']}.json", json.dumps(document).encode())


def command_lines(page: Path) -> Iterator[str]:
    """Every command line of ours that a page shows, in a block or in a line."""
    listed = [t.content for t in tokens(page) if t.type in ("fence", "code_block")]
    listed += [t.content for t in inlines(page) if t.type == "code_inline"]
    lines = (line.strip().removeprefix("$ ") for text in listed for line in text.splitlines())
    return (line for line in lines if line.startswith("claudestep "))


def unknown(words: list[str]) -> Iterable[str]:
    """What the program does not know in these words, which stand behind its name."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("-"):
            known = {"--help", "-h"} | {name for one in command.params for name in one.opts}
            yield from {word.partition("=")[0]} - known
        elif isinstance(command, TyperGroup) and not word.isupper():
            if word not in command.commands:
                yield word
                return
            command = command.commands[word]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_that_is_shown_exists(page: Path) -> None:
    for line in command_lines(page):
        words = re.sub(r"[\[\]|]", " ", line.partition(" #")[0])
        assert list(unknown(shlex.split(words)[1:])) == [], line


def test_command_lines_are_found_and_judged() -> None:
    assert "claudestep run my-refactor" in list(command_lines(ROOT / "README.md"))
    assert list(unknown(["run", "p", "--auto-merge", "--no-such"])) == ["--no-such"]
    assert list(unknown(["metadata", "burn"])) == ["burn"]


# Links


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    listed = tokens(page)
    texts = [listed[n + 1].content for n, token in enumerate(listed) if token.type == "heading_open"]
    return {_NOT_IN_A_SLUG.sub("", text.lower()).replace(" ", "-") for text in texts}


def targets(page: Path) -> Iterator[str]:
    """The relative links and pictures of a page."""
    found = (token.attrGet("href") or token.attrGet("src") for token in inlines(page))
    return (str(target) for target in found if target and not re.match(r"[a-z]+:", str(target)))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in targets(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in slugs(there), target


def test_links_are_found() -> None:
    assert {"docs/metadata-schema.md", "CONTRIBUTING.md"} <= set(targets(ROOT / "README.md"))


# What went wrong, by its words

_OF_OTHERS = {
    "GitHub Actions is not permitted to create or approve pull requests",
    "Not logged in",
    "Invalid API key",
    "Prompt is too long",
    "Reached maximum number of turns",
}
"""What Claude Code and GitHub say."""


def said_texts() -> list[str]:
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8").partition("## By error text")[2]
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    return [text for row in rows for text in re.findall("`([^`]+)`", row)]


@pytest.mark.parametrize("text", sorted(set(said_texts()) - _OF_OTHERS))
def test_an_error_text_is_one_that_the_program_says(text: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/claudestep").rglob("*.py"))
    assert " ".join(text.split()) in " ".join(re.sub(r'"\s*f?"', "", source).split())


def test_the_page_names_what_others_say() -> None:
    assert set(said_texts()) >= _OF_OTHERS
