import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain import naming
from claudestep.domain.errors import UsageError
from claudestep.domain.naming import StepBranch, parse_step_branch, step_branch
from tests.unit.strategies import project_names

POSITIVE = st.integers(min_value=1, max_value=10**6)


@pytest.mark.parametrize("name", ["a", "my-refactor", "fix-404", "A.b_c-d", "0", "a" * 80, "auth-1", "auth-1.2"])
def test_a_name_is_accepted_when_it_is_good_for_a_folder_a_file_and_a_branch(name: str) -> None:
    assert naming.name_problem(name) is None
    assert naming.check_project_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("a" * 81, "81 characters"),
        ("-a", "begins with a letter or digit"),
        (".a", "begins with a letter or digit"),
        ("a/b", "letters"),
        ("a b", "letters"),
        ("a\n", "letters"),
        ("ä", "letters"),
        ("a|b", "letters"),
        ("../a", "letters"),
        ("a..b", "git allows"),
        ("a.", "git allows"),
        ("a.lock", "git allows"),
    ],
)
def test_a_name_is_refused_when_it_is_not_good_for_all_of_them(name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        naming.check_project_name(name)


@given(name=project_names(), index=POSITIVE, attempt=POSITIVE)
def test_a_branch_says_what_it_was_made_of(name: str, index: int, attempt: int) -> None:
    assert parse_step_branch(step_branch(name, index, attempt)) == StepBranch(name, index, attempt)


@pytest.mark.parametrize(
    ("attempt", "branch"),
    [(1, "claude-step-auth-3"), (2, "claude-step-auth-3.2"), (3, "claude-step-auth-3.3")],
)
def test_a_branch_gets_a_suffix_when_the_attempt_is_not_the_first(attempt: int, branch: str) -> None:
    """`claude-step-<project>-<index>`, then `.2`, `.3`."""
    assert step_branch("auth", 3, attempt) == branch


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        ("claude-step-auth-api-3", StepBranch("auth-api", 3, 1)),
        ("claude-step-auth-1-3", StepBranch("auth-1", 3, 1)),
        ("claude-step-auth-1.2-3.4", StepBranch("auth-1.2", 3, 4)),
        ("claude-step-auth", None),
        ("claude-step-auth-0", None),
        ("claude-step-auth-03", None),
        ("claude-step-auth-3.0", None),
        ("claude-step-auth-x", None),
        ("claude-step--3", None),
        ("claude-step-auth-3\n", None),
        ("my-claude-step-auth-3", None),
        ("claudestep-metadata", None),
        ("main", None),
    ],
)
def test_a_branch_is_read_from_its_end_and_any_other_says_nothing(branch: str, said: StepBranch | None) -> None:
    assert parse_step_branch(branch) == said


@given(name=project_names())
def test_a_path_leads_back_to_its_project(name: str) -> None:
    assert naming.project_of_document(naming.document_path(name)) == name
    assert naming.project_of_spec(naming.spec_path(name)) == name


@pytest.mark.parametrize(
    "path", ["README.md", "projects/a.txt", "projects", "a.json", "old/projects/a.json", "claude-step/a/spec.md"]
)
def test_a_path_is_no_document_when_it_stands_elsewhere(path: str) -> None:
    assert naming.project_of_document(path) is None


@pytest.mark.parametrize(
    "path",
    ["spec.md", "claude-step/spec.md", "claude-step/a/b/spec.md", "claude-step/a/SPEC.md", "docs/a/spec.md"],
)
def test_a_path_is_no_spec_when_it_stands_elsewhere(path: str) -> None:
    assert naming.project_of_spec(path) is None


def test_the_files_of_a_project_stand_in_its_folder() -> None:
    assert naming.spec_path("a") == "claude-step/a/spec.md"
    assert naming.configuration_path("a") == "claude-step/a/configuration.yml"
    assert naming.document_path("a") == "projects/a.json"


@pytest.mark.parametrize("name", ["main", "a", "feature/x.y", "release-1.0", "ü", "a@b", "a@", "a{", "A_b/c-d"])
def test_a_branch_name_is_one_when_git_allows_it(name: str) -> None:
    assert naming.is_branch_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "@", "-a", "a.", "a..b", "a b", "a\tb", "a\nb", "a\x7f", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b",
        "a@{1}", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b",
    ],
)  # fmt: skip
def test_a_branch_name_is_none_when_git_refuses_it(name: str) -> None:
    """The rules of git-check-ref-format."""
    assert not naming.is_branch_name(name)
