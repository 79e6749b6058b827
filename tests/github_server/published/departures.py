"""Where GitHub does otherwise than its description says: all that is let through, each with its reason."""

from typing import Any, Literal, NamedTuple

ANYWHERE = {
    301: "a repository that was renamed; documented for some operations, true of all below it",
    304: "If-None-Match is answered for every GET (best practices for using the REST API)",
    307: "a repository that was renamed, for requests that are not GET",
    400: "a body that is no JSON, an unknown API version (getting started with the REST API)",
    401: "a bad token (troubleshooting the REST API)",
    403: "a permission that lacks, an archived repository, both rate limits (troubleshooting the REST API)",
    404: "whatever the token may not see (troubleshooting the REST API)",
    429: "both rate limits (rate limits for the REST API)",
}
"""Statuses that any operation may answer with, although few of them list them."""

STATUSES = {
    ("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", 422): "an id that is none, in the words of blobs",
    ("POST /repos/{owner}/{repo}/issues/{issue_number}/assignees", 422): "somebody who cannot be assigned",
    ("PATCH /repos/{owner}/{repo}/labels/{name}", 422): "a color that is none, as when one is made",
}
"""Statuses that one operation answers with beside those that it lists."""


PARAMETERS = {
    (
        "GET /repos/{owner}/{repo}/git/matching-refs/{ref}",
        name,
    ): "pages: no longer listed; who sends it minds neither"
    for name in ("page", "per_page")
}
"""Parameters of the query that an operation takes beside those that it lists."""


class Route(NamedTuple):
    """A route of this server that is no operation of the description."""

    route: str
    reason: str


ROUTES = (
    Route("GET /repos/{}/{}/git/refs", "the old name of matching-refs; GitHub still serves it, gh uses it"),
    Route("GET /repos/{}/{}/contents", "the root folder: {path} of the operation may be empty"),
    Route("GET /repos/{}/{}/tarball", "the default branch: {ref} of the operation may be empty"),
    Route("GET /{}/{}/legacy.tar.gz/{}", "codeload.github.com, which is no API"),
)

REFUSALS = (
    "the replies of 400 and above have `status` beside `message`, and more by their kind; none of it is listed"
)
"""Why the schemas of refusals are not closed, and may fit two descriptions at once (`description._of_reply`)."""


class Change(NamedTuple):
    """A change of one component, below its properties at `path`: null is allowed there, or the key may lack."""

    component: str
    path: tuple[str, ...]
    what: Literal["null", "optional", "more"]
    reason: str

    def apply(self, schema: Any) -> None:
        """Make the change. KeyError: GitHub has changed it itself."""
        *outer, name = self.path
        for part in outer:
            schema = schema[part]
        if self.what == "optional":
            schema["required"].remove(name)
        elif self.what == "null":
            schema["properties"][name] = {"anyOf": [schema["properties"][name], {"type": "null"}]}
        else:
            schema["properties"][name] = {}


SCHEMAS = (
    Change("api-overview", ("installed_version",), "more", "an Enterprise server tells its version to gh"),
    Change("rate-limit-overview", ("rate",), "optional", "left out since the API version 2026-03-10"),
    Change(
        "pull-request-simple", ("properties", "labels", "items", "description"), "null",
        "a label without a description, as everywhere else in the description",
    ),
)  # fmt: skip
"""Replies that GitHub gives and its description would refuse."""
