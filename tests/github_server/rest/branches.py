"""Branches, and the rules that hold for them."""

from starlette.responses import Response

from tests.github_server.problems import NotFound
from tests.github_server.rest import git_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.pages import paged
from tests.github_server.rest.views import Shape
from tests.github_server.rules import Rule
from tests.github_server.state import Repository

_HEADS = "refs/heads/"


def list_branches(ask: Ask) -> Response:
    repository = ask.repository
    found = [(name.removeprefix(_HEADS), oid) for name, oid in repository.objects.refs(_HEADS).items()]
    return paged(ask, found, lambda branch: _short(ask, repository, *branch))


def _short(ask: Ask, repository: Repository, name: str, oid: str) -> Shape:
    return {
        "name": name,
        "commit": {"sha": oid, "url": ask.links.repo(repository, "commits", oid)},
        "protected": any(rule.fits(name) for rule in repository.rules),
    }


def get_branch(ask: Ask) -> Response:
    repository, name = ask.repository, ask.part("branch")
    oid = ask.call.read_ref(repository, f"{_HEADS}{name}")
    commit = repository.objects.commit(oid) if oid else None
    if oid is None or commit is None:
        raise NotFound(message="Branch not found")
    url = ask.links.repo(repository, "branches", name)
    shape = _short(ask, repository, name, oid) | {
        "commit": git_views.commit(ask, repository, commit),
        "_links": {"self": url, "html": ask.links.web(repository, "tree", name)},
        "protection_url": f"{url}/protection",
    }
    return answer(shape | {"protection": {"enabled": shape["protected"]}})


def get_protection(ask: Ask) -> Response:
    """Classic protection only: a branch that a ruleset covers is "not protected" here."""
    repository, name = ask.writable("administration"), ask.part("branch")
    if not any(rule.fits(name) and rule.classic for rule in repository.rules):
        raise NotFound(message="Branch not protected")
    return answer({"url": ask.links.repo(repository, "branches", name, "protection")})


def list_rules(ask: Ask) -> Response:
    """The rules of rulesets for a branch, whether or not it exists."""
    repository, name = ask.repository, ask.part("branch")
    numbered = enumerate(repository.rules, start=1)
    found = [(number, rule) for number, rule in numbered if rule.fits(name) and not rule.classic]
    return paged(ask, found, lambda pair: _rule(repository, *pair))


def _rule(repository: Repository, number: int, rule: Rule) -> Shape:
    """Each rule is a ruleset of its own."""
    return {
        "type": rule.kind,
        "ruleset_source_type": "Repository",
        "ruleset_source": repository.full_name,
        "ruleset_id": number,
    }


def get_ruleset(ask: Ask) -> Response:
    """What it says to whoever asks: whether they may bypass it."""
    repository, number = ask.repository, int(ask.part("ruleset"))
    if not 1 <= number <= len(repository.rules) or repository.rules[number - 1].classic:
        raise NotFound
    rule = repository.rules[number - 1]
    return answer(
        {
            "id": number,
            "name": f"Rules for {rule.pattern}",
            "target": "branch",
            "source_type": "Repository",
            "source": repository.full_name,
            "enforcement": "active",
            "current_user_can_bypass": "always" if rule.bypass else "never",
        }
    )


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/branches", list_branches),
    ("GET", "/repos/{owner}/{name}/branches/{branch:path}/protection", get_protection),
    ("GET", "/repos/{owner}/{name}/branches/{branch:path}", get_branch),
    ("GET", "/repos/{owner}/{name}/rules/branches/{branch:path}", list_rules),
    ("GET", "/repos/{owner}/{name}/rulesets/{ruleset:int}", get_ruleset),
)
