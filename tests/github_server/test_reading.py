"""Queries: one commit as a whole, blobs and where they are cut, lists in pages, refusals of a query as such."""

import pytest

from tests.github_server.asking import Asker
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository

_OBSERVE = """
query($owner:String!,$name:String!,$ref:String!){
  rateLimit{cost remaining resetAt}
  repository(owner:$owner,name:$name){
    id isEmpty
    metadata:ref(qualifiedName:$ref){ target{ oid ... on Commit{
      history(first:100){nodes{oid message}}
      file(path:"projects"){object{... on Tree{entries{
        name type object{... on Blob{oid byteSize isTruncated text}}}}}}
    }}}
    object(expression:"main:README.md"){... on Blob{text}}
  }
}"""
_BLOB = """
query($owner:String!,$name:String!,$at:String!){
  repository(owner:$owner,name:$name){object(expression:$at){... on Blob{byteSize isTruncated isBinary text}}}}"""


def _of(remote: RemoteRepository) -> dict[str, str]:
    owner, _, name = remote.name.partition("/")
    return {"owner": owner, "name": name}


def test_a_thousand_documents_come_in_one_reply(remote: RemoteRepository, ask: Asker) -> None:
    files = {f"projects/p{number:04}.json": f"{number}".ljust(10_000) for number in range(1000)}
    remote.commit("metadata", files, "A thousand")
    repository = ask.data(_OBSERVE, **_of(remote), ref="refs/heads/metadata")["repository"]
    commit = repository["metadata"]["target"]
    assert commit["oid"] == remote.head("metadata") == commit["history"]["nodes"][0]["oid"]
    entries = commit["file"]["object"]["entries"]
    assert [(entry["name"], entry["type"]) for entry in entries[:1]] == [("p0000.json", "blob")]
    assert {f"projects/{entry['name']}": entry["object"]["text"] for entry in entries} == files
    assert repository["object"] == {"text": "hello\n"}


def test_what_is_not_there_is_null(remote: RemoteRepository, ask: Asker) -> None:
    query = """query($owner:String!,$name:String!){repository(owner:$owner,name:$name){
      ref(qualifiedName:"absent"){name} label(name:"x"){id} object(expression:"main:absent"){oid}
      defaultBranchRef{name target{... on Commit{file(path:"absent"){name}}}}}}"""
    assert ask.data(query, **_of(remote))["repository"] == {
        "ref": None,
        "label": None,
        "object": None,
        "defaultBranchRef": {"name": "main", "target": {"file": None}},
    }


def test_an_empty_repository_has_no_default_branch(github: GitHubServer, ask: Asker) -> None:
    query = (
        "query($owner:String!,$name:String!){repository(owner:$owner,name:$name){isEmpty defaultBranchRef{name}}}"
    )
    found = ask.data(query, **_of(github.new_repository()))["repository"]
    assert found == {"isEmpty": True, "defaultBranchRef": None}


@pytest.mark.parametrize(("size", "truncated"), [(512_000, False), (512_001, True)])
def test_the_text_of_a_blob_is_cut_at_512_000_bytes(
    github: GitHubServer, ask: Asker, size: int, *, truncated: bool
) -> None:
    remote = github.new_repository({"big": "x" * size})
    blob = ask.data(_BLOB, **_of(remote), at="main:big")["repository"]["object"]
    assert (blob["byteSize"], blob["isTruncated"], len(blob["text"])) == (size, truncated, 512_000)


def test_a_binary_blob_has_no_text(github: GitHubServer, ask: Asker) -> None:
    remote = github.new_repository({"binary": b"\0\1\2"})
    blob = ask.data(_BLOB, **_of(remote), at="main:binary")["repository"]["object"]
    assert blob == {"byteSize": 3, "isTruncated": False, "isBinary": True, "text": None}


def test_a_lower_cut_can_be_asked_for(remote: RemoteRepository, ask: Asker) -> None:
    remote.fault(Fault(kind="truncate", bytes=2))
    blob = ask.data(_BLOB, **_of(remote), at="main:README.md")["repository"]["object"]
    assert (blob["text"], blob["isTruncated"]) == ("he", True)


def test_history_goes_on_where_a_page_ended(remote: RemoteRepository, ask: Asker) -> None:
    for number in range(4):
        remote.commit("main", {f"{number % 2}.txt": f"{number}"}, f"Commit {number}")
    query = """query($owner:String!,$name:String!,$after:String,$path:String){repository(owner:$owner,name:$name){
      defaultBranchRef{target{... on Commit{history(first:3,after:$after,path:$path){
        totalCount pageInfo{hasNextPage endCursor} nodes{messageHeadline}}}}}}}"""

    def page(**more: object) -> dict[str, object]:
        found = ask.data(query, **_of(remote), **more)["repository"]["defaultBranchRef"]["target"]["history"]
        return {**found, "nodes": [node["messageHeadline"] for node in found["nodes"]]}

    first = page()
    assert (first["nodes"], first["totalCount"]) == (["Commit 3", "Commit 2", "Commit 1"], 5)
    information = first["pageInfo"]
    assert isinstance(information, dict)
    assert information["hasNextPage"]
    assert page(after=information["endCursor"])["nodes"] == ["Commit 0", "First commit"]
    assert page(path="1.txt")["nodes"] == ["Commit 3", "Commit 1"]


def test_lists_need_a_size_within_bounds(remote: RemoteRepository, ask: Asker) -> None:
    query = "query($owner:String!,$name:String!){repository(owner:$owner,name:$name){pullRequests%s{%s}}}"
    assert ask.graphql(query % ("", "nodes{id}"), **_of(remote)).error["type"] == "MISSING_PAGINATION_BOUNDARIES"
    assert ask.graphql(query % ("(first:101)", "totalCount"), **_of(remote)).error["type"] == "EXCESSIVE_PAGINATION"
    assert ask.data(query % ("", "totalCount"), **_of(remote))["repository"]["pullRequests"] == {"totalCount": 0}


@pytest.mark.malformed("a field that there is not")
def test_an_unknown_field_is_refused_as_a_whole(ask: Asker) -> None:
    heard = ask.graphql("query{viewer{login nonsense}}")
    assert heard.status == 200
    assert "data" not in heard.json
    assert heard.error["message"] == "Field 'nonsense' doesn't exist on type 'User'"
    assert heard.error["extensions"]["code"] == "undefinedField"


@pytest.mark.malformed("no query")
def test_what_is_no_query_is_400(ask: Asker) -> None:
    assert ask.send("POST", "/graphql", {"no": "query"}).status == 400
    assert ask.send("POST", "/graphql", b"{").status == 400
    assert ask.graphql("query{").status == 200


def test_one_alias_that_is_not_found_leaves_the_others(remote: RemoteRepository, ask: Asker) -> None:
    query = """query($owner:String!,$name:String!){repository(owner:$owner,name:$name){
      p1:pullRequest(number:1){number} id}}"""
    heard = ask.graphql(query, **_of(remote))
    assert heard.json["data"]["repository"] == {"p1": None, "id": remote.id}
    assert heard.error["type"] == "NOT_FOUND"
    assert heard.error["path"] == ["repository", "p1"]
    assert heard.error["message"] == "Could not resolve to a PullRequest with the number of 1."


def test_the_schema_tells_about_itself(ask: Asker) -> None:
    fields = ask.data('query{__type(name:"PullRequest"){fields{name}}}')["__type"]["fields"]
    assert {"name": "isDraft"} in fields


def test_another_writer_can_come_between_two_resolvers(remote: RemoteRepository, ask: Asker) -> None:
    query = """query($owner:String!,$name:String!){repository(owner:$owner,name:$name){
      ref(qualifiedName:"main"){target{oid}} object(expression:"main"){oid}}}"""
    before = remote.head()
    remote.fault(Fault(kind="move", ref="main", files={"theirs": "x"}))
    found = ask.data(query, **_of(remote))["repository"]
    assert found["ref"]["target"]["oid"] == before
    assert found["object"]["oid"] == remote.head() != before
    assert remote.show("theirs") == "x"


def test_reads_by_name_can_lag_behind(remote: RemoteRepository, ask: Asker) -> None:
    query = """query($owner:String!,$name:String!,$oid:GitObjectID!){repository(owner:$owner,name:$name){
      ref(qualifiedName:"main"){target{oid}} object(oid:$oid){oid}}}"""
    before = remote.head()
    after = remote.commit("main", {"a": "b"})
    remote.fault(Fault(kind="lag", requests=2, times=None))
    seen = [ask.data(query, **_of(remote), oid=after)["repository"] for _ in range(3)]
    assert [found["ref"]["target"]["oid"] for found in seen] == [before, before, after]
    assert [found["object"]["oid"] for found in seen] == [after] * 3


def test_reads_by_name_can_lag_behind_for_some_time(
    github: GitHubServer, remote: RemoteRepository, ask: Asker
) -> None:
    query = """query($owner:String!,$name:String!){repository(owner:$owner,name:$name){
      object(expression:"main"){oid}}}"""
    before = remote.head()
    after = remote.commit("main", {"a": "b"})
    remote.fault(Fault(kind="lag", seconds=300, times=None))
    assert ask.data(query, **_of(remote))["repository"]["object"]["oid"] == before
    github.advance(301)
    assert ask.data(query, **_of(remote))["repository"]["object"]["oid"] == after


def test_a_repository_is_found_under_its_former_name(remote: RemoteRepository, ask: Asker) -> None:
    former = _of(remote)
    remote.configure(name="renamed-" + former["name"])
    query = "query($owner:String!,$name:String!){repository(owner:$owner,name:$name){nameWithOwner}}"
    assert ask.data(query, **former)["repository"]["nameWithOwner"] == remote.name
