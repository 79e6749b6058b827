"""Mutations of refs and commits."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from tests.github_server import refs, rules
from tests.github_server.authoring import signed_commit
from tests.github_server.graphql.nodes import RefNode, commit_node
from tests.github_server.graphql.registry import Info, mutates
from tests.github_server.objects import ZERO
from tests.github_server.problems import NotFound, Problem, Stale, Unprocessable
from tests.github_server.state import Repository, ref_of_id


class Branch(msgspec.Struct):
    branch_name: str | None = None
    repository_name_with_owner: str | None = None
    id: str | None = None


class Message(msgspec.Struct):
    headline: str
    body: str | None = None


class Addition(msgspec.Struct):
    path: str
    contents: str


class Deletion(msgspec.Struct):
    path: str


class FileChanges(msgspec.Struct):
    additions: list[Addition] | None = None
    deletions: list[Deletion] | None = None


class CreateCommit(msgspec.Struct):
    branch: Branch
    expected_head_oid: str
    message: Message
    file_changes: FileChanges | None = None


@dataclass(frozen=True)
class _Place:
    repository: Repository
    ref: str


@mutates("createCommitOnBranch", CreateCommit)
def create_commit_on_branch(info: Info, wanted: CreateCommit) -> dict[str, object]:
    """One signed commit, if the branch is where the writer expects it (github-facts, section 3)."""
    place = _branch(info, wanted.branch)
    repository = info.context.writable(place.repository)
    files = _files(wanted.file_changes or FileChanges())
    text = wanted.message.headline + (f"\n\n{wanted.message.body}" if wanted.message.body else "")
    with repository.lock:
        head = repository.objects.ref(place.ref)
        if head is None:
            raise NotFound(f"Could not resolve to a ref with the name '{place.ref}'.")
        if head != wanted.expected_head_oid:
            raise Stale(wanted.expected_head_oid)
        tree = _tree(repository, head, files)
        oid = signed_commit(repository, tree, [head], text, info.context.user)
        _change(repository, refs.RefChange(place.ref, oid, head), writer="web")
    return {"commit": commit_node(repository, oid), "ref": RefNode(repository, place.ref, oid)}


def _branch(info: Info, branch: Branch) -> _Place:
    if branch.id is not None:
        found = ref_of_id(info.context.host, branch.id)
        if found is None:
            raise NotFound(f"Could not resolve to a node with the global id of '{branch.id}'")
        return _Place(info.context.repository(found[0].owner.login, found[0].name), found[1])
    owner, _, name = (branch.repository_name_with_owner or "").partition("/")
    short = (branch.branch_name or "").removeprefix("refs/heads/")
    return _Place(info.context.repository(owner, name), f"refs/heads/{short}")


def _files(changes: FileChanges) -> dict[str, bytes | None]:
    files: dict[str, bytes | None] = {each.path: None for each in changes.deletions or []}
    for each in changes.additions or []:
        try:
            files[each.path] = base64.b64decode(each.contents, validate=True)
        except binascii.Error:
            raise Unprocessable(f"The contents of {each.path} are no valid Base64") from None
    return files


def _tree(repository: Repository, head: str, files: dict[str, bytes | None]) -> str:
    commit = repository.objects.commit(head)
    assert commit is not None
    for path in files:
        if not path or path.startswith("/") or ".." in path.split("/") or ".git" in path.split("/"):
            raise Unprocessable(f"The path '{path}' is malformed")
    try:
        return repository.objects.with_files(str(commit.tree.id), files)
    except KeyError:
        text = f"A path was requested for deletion which does not exist as of commit oid `{head}`"
        raise Unprocessable(text) from None


def _change(repository: Repository, *changes: refs.RefChange, writer: rules.Writer = "api") -> None:
    try:
        refs.change(repository, *changes, writer=writer)
    except refs.RefMoved as moved:
        raise Stale(moved.expected or ZERO) from moved


class CreateRef(msgspec.Struct):
    repository_id: str
    name: str
    oid: str


@mutates("createRef", CreateRef)
def create_ref(info: Info, wanted: CreateRef) -> dict[str, object]:
    repository = _repository(info, wanted.repository_id)
    with repository.lock:
        _check_name(wanted.name)
        if repository.objects.ref(wanted.name) is not None:
            raise Unprocessable(f'A ref named "{wanted.name}" already exists in the repository.')
        _change(repository, refs.RefChange(wanted.name, wanted.oid))
    return {"ref": RefNode(repository, wanted.name, wanted.oid)}


class UpdateRef(msgspec.Struct):
    ref_id: str
    oid: str
    force: bool | None = False


@mutates("updateRef", UpdateRef)
def update_ref(info: Info, wanted: UpdateRef) -> dict[str, object]:
    repository, name = _existing(info, wanted.ref_id)
    _change(repository, refs.RefChange(name, wanted.oid, force=bool(wanted.force)))
    return {"ref": RefNode(repository, name, wanted.oid)}


class DeleteRef(msgspec.Struct):
    ref_id: str


@mutates("deleteRef", DeleteRef)
def delete_ref(info: Info, wanted: DeleteRef) -> dict[str, object]:
    repository, name = _existing(info, wanted.ref_id)
    _change(repository, refs.RefChange(name, None))
    return {}


class RefUpdate(msgspec.Struct):
    name: str
    after_oid: str
    before_oid: str | None = None
    force: bool | None = False


class UpdateRefs(msgspec.Struct):
    repository_id: str
    ref_updates: list[RefUpdate]


@mutates("updateRefs", UpdateRefs)
def update_refs(info: Info, wanted: UpdateRefs) -> dict[str, object]:
    """All or none; a zero id means "must not be there" before, and "gone" after ([S], behaviour unverified)."""
    repository = _repository(info, wanted.repository_id)
    changes = []
    for each in wanted.ref_updates:
        _check_name(each.name)
        after = None if each.after_oid == ZERO else each.after_oid
        before = (
            refs.ANYTHING if each.before_oid is None else (None if each.before_oid == ZERO else each.before_oid)
        )
        changes.append(refs.RefChange(each.name, after, before, force=bool(each.force)))
    _change(repository, *changes)
    return {}


def _check_name(name: str) -> None:
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Problem(f"{name} is not a valid ref name.", 422)


def _repository(info: Info, id_: str) -> Repository:
    found = info.context.host.node(id_)
    if not isinstance(found, Repository):
        raise NotFound(f"Could not resolve to Repository node with the global id of '{id_}'.")
    return info.context.writable(found)


def _existing(info: Info, id_: str) -> tuple[Repository, str]:
    found = ref_of_id(info.context.host, id_)
    if found is None or found[0].objects.ref(found[1]) is None:
        raise NotFound(f"Could not resolve to Ref node with the global id of '{id_}'.")
    return info.context.writable(found[0]), found[1]
