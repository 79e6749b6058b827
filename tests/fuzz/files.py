"""What users write into their repository, and what stands on the metadata branch: targets."""

from functools import partial
from typing import Any

import msgspec

from claudestep.application.reports import metadata_text, statistics_json, statistics_text
from claudestep.application.template import PROMPT_PLACEHOLDERS, fill, read_template
from claudestep.domain.binding import bind
from claudestep.domain.chain import step_states
from claudestep.domain.config import Config
from claudestep.domain.fsck import check_documents
from claudestep.domain.models import Project
from claudestep.domain.observation import Snapshot
from claudestep.domain.spec import Spec
from claudestep.domain.statistics import summarize
from claudestep.domain.story import Rewrite, story
from claudestep.infrastructure.config_file import read_config, read_repository_config
from claudestep.infrastructure.metadata import branch_readme, codec
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.spec_file import read_spec
from tests.fuzz import samples
from tests.fuzz.mutation import BYTES, mutants, mutate_bytes, mutate_json, mutate_lines
from tests.fuzz.target import READ, Target
from tests.unit.builders import NOW

_PATH = "claude-step/p/spec.md"
_DOCUMENT = "projects/p.json"


def _spec(case: bytes) -> str:
    spec = read_spec(_PATH, case)
    for number, line in enumerate(spec.steps):
        assert line.text == " ".join(line.text.split())
        assert case[line.mark : line.mark + 1] in b" \txX"
        if not line.ticked:
            _assert_ticks_one(spec, number)
    bound = bind(Project(project="p"), spec.steps, NOW)
    assert [line.text for line in bound.lines.values()] == [line.text for line in spec.steps]
    assert bind(bound.project, spec.steps, NOW).project == bound.project
    return READ if spec.steps else "no steps"


def _assert_ticks_one(spec: Spec, number: int) -> None:
    """A tick ticks this one step, and changes no other nor any text."""
    after = read_spec(_PATH, spec.tick(spec.steps[number]))
    ticks = [line.ticked for line in spec.steps]
    ticks[number] = True
    assert [line.ticked for line in after.steps] == ticks
    assert [line.text for line in after.steps] == [line.text for line in spec.steps]


def _configuration(case: bytes) -> str:
    config = read_config("claude-step/p/configuration.yml", case)
    _assert_usable(config)
    return READ


def _assert_usable(config: Config) -> None:
    assert config.timeout.total_seconds() > 0
    assert config.stale_after.total_seconds() > 0
    for limit in (config.budget.per_step_usd, config.budget.project_usd):
        assert limit is None or 0 < limit <= 1_000_000


def _repository_configuration(case: bytes) -> str:
    found = read_repository_config("claude-step/configuration.yml", case)
    assert found.max_open_prs_per_reviewer is None or found.max_open_prs_per_reviewer > 0
    for own in samples.CONFIGURATIONS:
        _assert_usable(read_config("claude-step/p/configuration.yml", own, case))
    return READ


def _document(case: bytes) -> str:
    project = codec.decode(_DOCUMENT, case)
    written = codec.encode(project)
    assert codec.decode(_DOCUMENT, written) == project
    assert codec.encode(codec.decode(_DOCUMENT, written)) == written
    _assert_kept(msgspec.json.decode(case.removeprefix(b"\xef\xbb\xbf")), msgspec.json.decode(written))
    _use(project, written)
    return READ


def _assert_kept(before: Any, after: Any) -> None:
    """Every key that this version does not know is there as it was."""
    known = set(codec.keys(Project))
    assert {k: v for k, v in before.items() if k not in known} == {k: v for k, v in after.items() if k not in known}


def _use(project: Project, written: bytes) -> None:
    """All that is made of a document can be made of this one."""
    spec = read_spec(_PATH, samples.SPECS[0])
    bound = bind(project, spec.steps, NOW)
    codec.encode(bound.project)
    step_states(bound.project, Config())
    list(check_documents([project], now=NOW, is_gone=lambda _: False))
    report = summarize([project], NOW)
    assert statistics_text.render(report)
    msgspec.json.decode(statistics_json.render(report))
    documents = read_documents(Snapshot("v", {_DOCUMENT: written}))
    assert isinstance(documents, Documents)
    assert metadata_text.render(documents)
    readme = branch_readme.with_rows(None, {"p": project})
    assert branch_readme.rows(readme) is not None
    story({"p": Rewrite(None, project)})
    story({"p": Rewrite(project, bound.project)})


def _template(case: bytes) -> str:
    template = read_template("claude-step/p/prompt.md", case)
    template.check(PROMPT_PLACEHOLDERS, needed="STEP_DESCRIPTION")
    text = fill(template.text, dict.fromkeys(PROMPT_PLACEHOLDERS, "") | {"STEP_DESCRIPTION": "{{SPEC}}"})
    assert "{{SPEC}}" in text, "a value is data"
    return READ


def _readme(case: bytes) -> str:
    once = branch_readme.with_rows(case, {"p": samples.RICH})
    assert branch_readme.with_rows(once, {"p": samples.RICH}) == once
    found = branch_readme.rows(case)
    kept = branch_readme.rows(once)
    assert (found is None) == (kept is None)
    assert found is None or kept is None or {**found, "p": ""}.keys() == kept.keys()
    if found is None:
        assert once == case, "words of others stay"
        return "markers gone"
    return READ


_TEMPLATES = (
    b"Do {{STEP_DESCRIPTION}} of {{PROJECT}}.\n\n{{STEP_DETAILS}}\n\n\n{{EARLIER_ATTEMPTS}}\n\n{{SPEC}}\n",
    b"{{STEP_DESCRIPTION}}",
)
_TEMPLATE_WORDS = (
    b"{{SPEC}}",
    b"{{NOPE}}",
    b"{{",
    b"}}",
    b"{{STEP_DESCRIPTION",
    b"{{ SPEC }}",
    b"{{{SPEC}}}",
    *BYTES,
)
_README = branch_readme.with_rows(None, {"a": samples.RICH, "b": samples.PLAIN, "p": samples.PLAIN})
_README_WORDS = (branch_readme.BEGIN.encode(), branch_readme.END.encode(), b"| [p](x) |", b"| [", b"| [p", *BYTES)

TARGETS = (
    Target(
        "spec.md",
        mutants(samples.SPECS, partial(mutate_lines, words=samples.SPEC_WORDS), mutate_bytes),
        _spec,
    ),
    Target(
        "configuration.yml",
        mutants(samples.CONFIGURATIONS, partial(mutate_lines, words=samples.YAML_WORDS), mutate_bytes),
        _configuration,
    ),
    Target(
        "repository-wide configuration.yml",
        mutants(
            (samples.REPOSITORY_CONFIGURATION, b"paused: true\n"),
            partial(mutate_lines, words=samples.YAML_WORDS),
            mutate_bytes,
        ),
        _repository_configuration,
    ),
    Target("document", mutants(samples.DOCUMENTS, mutate_json, mutate_bytes), _document),
    Target("prompt.md", mutants(_TEMPLATES, partial(mutate_bytes, words=_TEMPLATE_WORDS)), _template),
    Target(
        "README of the branch",
        mutants((_README,), partial(mutate_lines, words=_README_WORDS), mutate_bytes),
        _readme,
    ),
)
