"""The world as a decision needs it: documents repaired from what was seen, specs and configurations read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from claudestep.application.template import PROMPT_PLACEHOLDERS, Template, read_template
from claudestep.domain import naming, reconcile
from claudestep.domain.binding import Bound, bind, forget_ended_reviews
from claudestep.domain.capacity import Load, loads
from claudestep.domain.chain import Decision, Situation, Wait, decide
from claudestep.domain.config import Config, RepositoryConfig
from claudestep.domain.errors import ClaudeStepError, UsageError, no_branch
from claudestep.domain.models import Project
from claudestep.domain.observation import BaseTree, Observation, Questions
from claudestep.domain.reasons import Reason
from claudestep.domain.renaming import check_not_renamed
from claudestep.domain.settling import IsGone, Unfinished, settle, unfinished
from claudestep.domain.spec import Spec
from claudestep.infrastructure.config_file import read_config, read_repository_config
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.spec_file import read_spec


@dataclass(frozen=True, slots=True)
class BaseOverride:
    """A base branch in the place of the configured one: of one project, or of all where none is named."""

    branch: str
    project: str | None = None

    def of(self, name: str) -> str | None:
        """The branch that a project has instead; None where it keeps its own."""
        return self.branch if self.project in (None, name) else None


@dataclass(frozen=True, slots=True)
class Plan:
    """One project as its files say: where its pull requests go, its configuration and its steps.

    `problem` is why it cannot be worked on; `spec` is None where there is none. The configuration stands on
    `default`, the tree of the default branch, where that is known.
    """

    name: str
    base: BaseTree
    config: Config
    spec: Spec | None
    problem: ClaudeStepError | None = None
    prompt_template: Template | None = None
    pr_template: Template | None = None
    default: BaseTree | None = None


@dataclass(frozen=True)
class World:
    """What one run sees, and what follows from it. Pure: it reads nothing and writes nothing."""

    observation: Observation
    documents: Documents
    plans: Mapping[str, Plan]
    repository: RepositoryConfig
    repository_problem: ClaudeStepError | None
    is_gone: IsGone

    @cached_property
    def bound(self) -> Mapping[str, Bound]:
        """Every readable project, settled, reconciled and bound to its spec."""
        names = sorted({*self.plans, *self.documents.projects} - set(self.documents.broken))
        return {name: self._refresh(name) for name in names}

    @cached_property
    def projects(self) -> Mapping[str, Project]:
        """The repaired documents."""
        return {name: bound.project for name, bound in self.bound.items()}

    @cached_property
    def load(self) -> tuple[Load, ...]:
        """What waits for the reviewers of all projects."""
        return loads(self.projects, self.observation.pull_requests)

    @cached_property
    def unfinished(self) -> Sequence[Unfinished]:
        """Branches that dead runs published and opened no pull request for."""
        seen = self.observation
        return unfinished(
            self.documents.projects.values(), seen.pull_requests, seen.heads, now=seen.now, is_gone=self.is_gone
        )

    def after(self, project: Project) -> "World":
        """The world as it would be with this document."""
        documents = replace(self.documents, projects={**self.documents.projects, project.project: project})
        return replace(self, documents=documents)

    def changed(self, since: Documents | None = None) -> dict[str, Project]:
        """The documents that differ from those that were read. One that is not recorded yet is none of them."""
        before = (since or self.documents).projects
        return {name: p for name, p in self.projects.items() if p != before.get(name, p)}

    def decide(self, name: str) -> Decision:
        """The next step of a project, or why there is none. Raises what makes the project unusable."""
        blocked = self._blocked(name)
        if blocked is not None:
            return blocked
        plan = self.plans.get(name)
        if plan is None or plan.spec is None:
            return Wait(Reason.SPEC_MISSING, f"{naming.spec_path(name)} on {self._base_name(plan)}")
        self.check_not_renamed(name)
        return decide(Situation(self.bound[name], plan.config, self.repository, self.load))

    def _blocked(self, name: str) -> Wait | None:
        """Raise what is wrong with the files of a project; return what is wrong with its documents."""
        plan = self.plans.get(name)
        problem = self.repository_problem or (plan.problem if plan else None)
        if problem is not None:
            raise problem
        depends_on_all = self.repository.max_open_prs_per_reviewer is not None
        broken = self.documents.broken
        if name in broken or (broken and depends_on_all):
            return Wait(Reason.METADATA_BROKEN, (broken.get(name) or next(iter(broken.values()))).explained)
        return None

    def check_not_renamed(self, name: str) -> None:
        """Raise UsageError where a project's folder is another one's that was renamed, and its records were not."""
        plan = self.plans.get(name)
        lines = plan.spec.steps if plan and plan.spec else ()
        recorded = {other: self.projects[other] for other in self.documents.projects}
        paths = {path for tree in self.observation.bases.values() for path in tree.files}
        with_spec = {other for other in recorded if naming.spec_path(other) in paths}
        check_not_renamed(name, (line.text for line in lines), recorded, with_spec)

    def _base_name(self, plan: Plan | None) -> str:
        return plan.base.branch if plan else self.observation.default_branch

    def _refresh(self, name: str) -> Bound:
        pulls = self.observation.pull_requests
        now = self.observation.now
        project = self.documents.projects.get(name) or Project(project=name)
        project = settle(project, pulls, self.observation.heads, now=now, is_gone=self.is_gone)
        by_key = {pull.key: pull for pull in pulls}
        project = reconcile.reconcile(project, by_key)
        plan = self.plans.get(name)
        if plan is None or plan.spec is None or not plan.spec.steps:
            return Bound(project, {})
        bound = bind(project, plan.spec.steps, now)
        inferred = reconcile.infer_states(bound, by_key, now)
        return Bound(forget_ended_reviews(inferred), bound.lines)


def questions(observation: Observation, documents: Documents, override: BaseOverride | None) -> Questions:
    """What an observation leaves open.

    Other base branches; the branches of claims that publish; pull requests that are recorded open and were not
    seen, and those that no record knows.
    """
    configs = [*_configs(observation).values(), _default_config(observation)]
    bases = {base for config in configs if isinstance(config, Config) and (base := config.base_branch)}
    if override:
        bases.add(override.branch)
    heads = {
        step.claim.branch
        for project in documents.projects.values()
        for step in project.steps
        if step.claim is not None and step.claim.stage == "publishing"
    }
    return Questions(
        bases=frozenset(bases - set(observation.bases)),
        heads=frozenset(heads),
        numbers=reconcile.open_questions(documents.projects.values(), observation.pull_requests),
    )


def read_world(
    observation: Observation, documents: Documents, *, is_gone: IsGone, override: BaseOverride | None = None
) -> World:
    """Read specs and configurations. A file that is wrong makes its own project unusable, and no other."""
    configs = _configs(observation)
    defaults = _default_config(observation)
    names = {
        name for tree in observation.bases.values() for path in tree.files if (name := naming.project_of_spec(path))
    }
    plans = {}
    for name in sorted(names):
        instead = override.of(name) if override else None
        plan = _plan(name, configs.get(name, defaults), observation, instead)
        if plan is not None:
            plans[name] = replace(plan, default=_default_tree(observation))
    repository, problem = _repository(observation)
    return World(observation, documents, plans, repository, problem, is_gone)


def _default_tree(observation: Observation) -> BaseTree:
    return observation.bases[observation.default_branch]


def _configs(observation: Observation) -> dict[str, Config | ClaudeStepError]:
    """The configuration of every project, or what is wrong with it; it stands on the default branch."""
    tree = _default_tree(observation)
    found: dict[str, Config | ClaudeStepError] = {}
    for path in tree.files:
        parts = path.split("/")
        if len(parts) != 3 or parts[2] != "configuration.yml":
            continue
        try:
            found[parts[1]] = config_at(parts[1], tree)
        except ClaudeStepError as error:
            found[parts[1]] = error
    return found


def config_at(name: str, tree: BaseTree) -> Config:
    """The configuration of a project, which stands on the default branch. Raises ConfigurationError."""
    path, repository = naming.configuration_path(name), tree.files.get(naming.REPOSITORY_CONFIGURATION)
    return read_config(path, tree.files.get(path), repository)


def _default_config(observation: Observation) -> Config | ClaudeStepError:
    """The configuration of a project that has no file of its own."""
    repository = _default_tree(observation).files.get(naming.REPOSITORY_CONFIGURATION)
    try:
        return read_config(naming.REPOSITORY_CONFIGURATION, None, repository)
    except ClaudeStepError as error:
        return error


def _plan(
    name: str, config: Config | ClaudeStepError, observation: Observation, instead: str | None
) -> Plan | None:
    """The plan of a project; None where its base branch has no spec of it."""
    problem = config if isinstance(config, ClaudeStepError) else _name_error(name)
    usable = Config() if isinstance(config, ClaudeStepError) else config
    wanted = instead or usable.base_branch or observation.default_branch
    base = observation.bases.get(wanted)
    if base is None:
        return Plan(name, _default_tree(observation), usable, None, problem or no_branch(wanted))
    if naming.spec_path(name) not in base.files:
        return None
    return plan_at(name, base, usable, problem)


def plan_at(name: str, base: BaseTree, config: Config, problem: ClaudeStepError | None = None) -> Plan:
    """The plan of a project whose spec stands on `base`; what is wrong with its files is its problem."""
    try:
        spec = read_spec(naming.spec_path(name), base.files[naming.spec_path(name)])
        prompt, pull_request = _prompt_template(name, base), _pr_template(name, base)
    except UsageError as error:
        return Plan(name, base, config, None, problem or error)
    return Plan(name, base, config, spec, problem, prompt, pull_request)


def _prompt_template(name: str, base: BaseTree) -> Template | None:
    """The project's own prompt.md. Raises UsageError."""
    path = naming.prompt_path(name)
    if path not in base.files:
        return None
    template = read_template(path, base.files[path])
    template.check(PROMPT_PLACEHOLDERS, needed="STEP_DESCRIPTION")
    return template


def _pr_template(name: str, base: BaseTree) -> Template | None:
    """The project's own pr-template.md. Raises UsageError."""
    path = naming.pull_request_template_path(name)
    if path not in base.files:
        return None
    template = read_template(path, base.files[path])
    template.check_for_pull_requests()
    return template


def _name_error(name: str) -> UsageError | None:
    problem = naming.name_problem(name)
    return UsageError(f"{naming.spec_path(name)}: the folder cannot name a project: {problem}") if problem else None


def _repository(observation: Observation) -> tuple[RepositoryConfig, ClaudeStepError | None]:
    path = naming.REPOSITORY_CONFIGURATION
    try:
        return read_repository_config(path, _default_tree(observation).files.get(path)), None
    except ClaudeStepError as error:
        return RepositoryConfig(), error
