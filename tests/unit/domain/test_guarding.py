import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claudestep.domain.guarding import (
    DEFAULT_LIMITS,
    GONE,
    LINK,
    SUBMODULE,
    FileChange,
    Limits,
    allowance_problem,
    refusal,
)

FILE = "100644"
ALLOW = "to allow it, name it under `allowChanges` in the configuration"


def file(path: str, *, size: int = 10, added: int | None = 1, removed: int | None = 1) -> FileChange:
    return FileChange(path, FILE, FILE, size, added, removed)


def link(path: str, target: str | None) -> FileChange:
    return FileChange(path, GONE, LINK, 10, 1, 0, target)


def refused(*changes: FileChange, allowed: tuple[str, ...] = ()) -> str | None:
    return refusal(changes, Limits(allowed=allowed))


# Paths


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".github/CODEOWNERS", ".GitHub/workflows/ci.yml", ".GITHUB/x", ".github",
        "docs/.github/x", ".github /x", ".github./x", ".git\u200dhub/x", ".github:x/y",
    ],
)  # fmt: skip
def test_what_runs_with_rights_is_refused_in_every_spelling_of_its_name(path: str) -> None:
    said = refused(file(path))
    assert said
    assert said.startswith("the agent changed ")
    assert said.endswith(f", and what stands in .github/ runs with rights of the repository; {ALLOW}")


@pytest.mark.parametrize("path", ["claude-step/configuration.yml", "Claude-Step/p/Configuration.YML"])
def test_the_configurations_are_refused(path: str) -> None:
    assert refused(file(path)) == f"the agent changed {path}, and it says what an agent may do; {ALLOW}"


def test_what_takes_the_place_of_our_folder_is_refused() -> None:
    for change in (file("claude-step"), link("claude-step", "src")):
        assert "takes the place of the folder claude-step/" in str(refused(change))


def test_where_submodules_come_from_is_refused() -> None:
    assert "from where other repositories are fetched" in str(refused(file(".gitmodules")))


@pytest.mark.parametrize(
    "path",
    [
        "github/x", ".githubx/x", "x.github", ".gitignore", ".gitattributes", "src/.gitmodules",
        "configuration.yml",
        "claude-step/p/spec.md", "claude-step/p/q/configuration.yml", "claude-step-x/configuration.yml",
        "claude-step/p/configuration.yml.txt", ".gitlab-ci.yml", "a.git/x", "git/x", "a b/größer.txt", "...", "a\\",
    ],
)  # fmt: skip
def test_other_files_are_not_refused(path: str) -> None:
    assert refused(file(path)) is None


@pytest.mark.parametrize("before", [FILE, GONE])
@pytest.mark.parametrize("after", [FILE, GONE])
def test_a_file_is_refused_however_it_is_changed(before: str, after: str) -> None:
    assert refused(FileChange(".github/x", before, after, 0, 0, 0))


@pytest.mark.parametrize(
    ("before", "after"), [(GONE, SUBMODULE), (SUBMODULE, SUBMODULE), (SUBMODULE, GONE), (FILE, SUBMODULE)]
)
def test_a_submodule_is_refused_however_it_is_changed_whatever_is_allowed(before: str, after: str) -> None:
    change = FileChange("vendor/x", before, after, 0, 1, 0)
    for allowed in ((), ("vendor/x",), ("vendor/",)):
        assert refused(change, allowed=allowed) == (
            "the agent added, moved or removed vendor/x, which is a submodule or a repository of its own; "
            "nothing in the configuration allows that"
        )


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".GIT/hooks/x", "a/.git/x", "a/.git", "git~1/x", ".git /x", ".git../x", ".g\u200cit/x",
        ".git::$INDEX_ALLOCATION/x", "a\\.git\\x", "../x", "a/../../x", "/etc/passwd", "a//b", "./x",
        "a\\..\\..\\x", "", ".. /x",
    ],
)  # fmt: skip
def test_what_git_would_not_write_is_refused_whatever_is_allowed(path: str) -> None:
    said = refused(file(path), allowed=(path, "a/", ".git/", "../", "/"))
    assert said
    assert said.endswith("nothing in the configuration allows that")


# What is allowed


def test_a_path_is_allowed_by_its_name_and_a_folder_with_all_below_it() -> None:
    inner, outer = file(".github/workflows/ci.yml"), file(".github/CODEOWNERS")
    assert refused(inner, allowed=(".github/workflows/ci.yml",)) is None
    assert refused(outer, allowed=(".github/workflows/ci.yml",))
    assert refused(inner, outer, allowed=(".github/",)) is None
    assert refused(inner, outer, allowed=(".github/workflows/",))


@pytest.mark.parametrize(
    "name", [".github", ".github/workflows", ".github/workflows/ci", ".GitHub/", "github/", ""]
)
def test_nothing_is_allowed_by_a_part_or_by_another_spelling_of_its_name(name: str) -> None:
    assert refused(file(".github/workflows/ci.yml"), allowed=(name,))


def test_the_first_of_many_is_named_and_the_others_are_counted() -> None:
    said = refused(file(".github/b"), file("x"), file(".github/a"), file(".gitmodules"))
    assert said == (
        "the agent changed .github/a, and what stands in .github/ runs with rights of the repository; "
        f"{ALLOW} (2 more of its changes are refused)"
    )


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("", "it is empty"), ("  ", "it is empty"), ("/", "absolute"), ("/etc/x", "absolute"),
        ("C:\\x", "absolute"), ("\\x", "absolute"), ("..", "'..'"), ("../x", "'..'"), ("a/../b", "'..'"),
        ("./a", "'..'"), ("a//b", "empty part"), ("a//", "empty part"), (".", "'.'"),
        (".github/**", "patterns"), ("*.yml", "patterns"), (".git/", ".git"), ("a/.GIT/hooks", ".git"),
    ],
)  # fmt: skip
def test_what_cannot_be_allowed_is_said(entry: str, problem: str) -> None:
    assert problem in str(allowance_problem(entry))


@pytest.mark.parametrize(
    "entry", [".github/workflows/ci.yml", ".github/", "docs/.github/", "a b/größer", "[id].tsx"]
)
def test_what_can_be_allowed(entry: str) -> None:
    assert allowance_problem(entry) is None


# Links


@pytest.mark.parametrize(
    ("path", "target", "why"),
    [
        ("l", "/etc/passwd", "points to an absolute path (/etc/passwd)"), ("l", "//x", "absolute"),
        ("l", "C:\\x", "absolute"), ("l", "c:x", "absolute"), ("l", "\\x", "absolute"),
        ("l", "..", "leaves the tree (..)"), ("l", "../x", "leaves"), ("a/l", "../../x", "leaves"),
        ("a/l", "./.././../x", "leaves"), ("a/l", "..//../x", "leaves"), ("l", "..\\x", "leaves"),
        ("l", "a/b/../../../x", "down and up again"), ("a/b/l", "c/../x", "down and up again"),
        ("l", "a/..", "down and up again"), ("l", ".. /x", "leaves"), ("l", "", "nothing that can be read"),
        ("l", None, "nothing that can be read"), ("l", "a\0/../..", "nothing that can be read"),
    ],
)  # fmt: skip
def test_a_link_that_may_leave_the_tree_is_refused_unless_it_is_allowed(
    path: str, target: str | None, why: str
) -> None:
    said = refused(link(path, target))
    assert said
    assert said.startswith(f"the agent made the link {path}, which ")
    assert why in said
    assert said.endswith(ALLOW)
    assert refused(link(path, target), allowed=(path,)) is None


@pytest.mark.parametrize(
    "target", [".git", ".git/config", "../.git/hooks", "a/.GIT", "git~1/x", ".git./x", "..\\.git"]
)
def test_a_link_into_gits_own_folder_is_refused_whatever_is_allowed(target: str) -> None:
    said = refused(link("a/l", target), allowed=("a/l", "a/"))
    assert said
    assert "into git's own folder" in said
    assert said.endswith("nothing in the configuration allows that")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", "x"),
        ("l", "."),
        ("a/l", "../x"),
        ("a/b/l", "../../x"),
        ("a/l", ".."),
        ("l", "a/b/"),
        ("l", "..."),
        ("l", "..x"),
    ],
)
def test_a_link_that_stays_in_the_tree_is_not_refused(path: str, target: str) -> None:
    assert refused(link(path, target)) is None


def test_a_link_that_is_removed_leads_nowhere() -> None:
    assert refused(FileChange("l", LINK, GONE, 0, 0, 1)) is None


PARTS = st.sampled_from(["..", ".", "a", "b", "link", "", ".git", "..x"])
TARGETS = st.lists(PARTS, min_size=1, max_size=8).map("/".join)
PLACES = st.sampled_from(["l", "a/l", "a/b/l", "a/b/c/l"])


def leads_round(link: Path) -> bool:
    """Whether it leads to itself, and so to nothing."""
    try:
        link.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


@settings(max_examples=400)
@given(place=PLACES, target=TARGETS, other=TARGETS)
@example(place="a/b/l", target="link/../../x", other="../..")
@example(place="l", target="a/b/../../../x", other="a")
@example(place="l", target="link", other="link//.")
def test_no_spelling_of_a_link_that_leaves_the_tree_passes(
    tmp_path_factory: pytest.TempPathFactory, place: str, target: str, other: str
) -> None:
    """The judge is the system, in a real tree in which `link` is another link that passes."""
    tree = tmp_path_factory.mktemp("tree").resolve()
    for folder in ("a/b/c", ".git/hooks"):
        (tree / folder).mkdir(parents=True)
    for folder in ("", "a", "a/b", "a/b/c"):
        if refused(link(f"{folder}/link".lstrip("/"), other)) is None:
            (tree / folder / "link").symlink_to(other)
    if refused(link(place, target)) is not None:
        return
    made = tree / place
    made.symlink_to(target)
    if leads_round(made):
        return
    real = Path(os.path.realpath(made))
    assert real.is_relative_to(tree)
    assert not real.is_relative_to(tree / ".git")


# Sizes and lines


def test_a_file_is_refused_above_the_limit_and_not_at_it() -> None:
    limits = Limits(file_bytes=1024)
    assert refusal([file("big.bin", size=1024, added=None, removed=None)], limits) is None
    big = file("big.bin", size=1025, added=None, removed=None)
    assert refusal([big], limits) == (
        "the agent left big.bin with 1,025 bytes, and 1,024 are the most; "
        "raise `limits.fileKiB` in the configuration, or name the file under `allowChanges`"
    )
    assert refusal([big], replace(limits, allowed=("big.bin",))) is None
    below = replace(big, path="a/big.bin")
    assert refusal([below], replace(limits, allowed=("a/",))), "a folder lifts no size"


def test_a_file_of_which_only_the_mode_was_changed_may_have_any_size() -> None:
    assert refusal([file("big", size=10**9, added=0, removed=0)], DEFAULT_LIMITS) is None


def test_lines_are_refused_above_the_limit_and_not_at_it_whatever_is_allowed() -> None:
    limits = Limits(changed_lines=10, allowed=("a", "b", "c", "x/"))
    assert refusal([file("a", added=4, removed=1), file("b", added=0, removed=5)], limits) is None
    said = refusal([file("a", added=4, removed=1), file("b", added=0, removed=6), file("c")], limits)
    assert said == (
        "the agent changed 13 lines, and a step may change 10 (b: 6); make the step smaller, "
        "or raise `limits.changedLines` in the configuration"
    )
    binary = file("c", added=None, removed=None)
    assert refusal([file("a", added=4, removed=1), file("b", added=0, removed=5), binary], limits) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6), st.integers(1, 200))
def test_the_lines_of_all_files_count_together(counts: list[tuple[int, int]], most: int) -> None:
    changes = [file(f"{n}", added=added, removed=removed) for n, (added, removed) in enumerate(counts)]
    total = sum(map(sum, counts))
    assert (refusal(changes, Limits(changed_lines=most)) is None) == (total <= most)


def test_nothing_is_refused_of_nothing() -> None:
    assert refusal([], Limits(changed_lines=1, file_bytes=1)) is None


# How it is said


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.text(max_size=5000))
def test_a_refusal_is_one_line_that_steers_no_terminal_and_is_never_long(name: str, target: str) -> None:
    for change in (file(f".github/{name}"), link(f"a/{name}", f"/{target}"), file(f"{name}x", size=10**9)):
        said = refused(change)
        assert said
        assert said.isprintable()
        assert len(said) < 500
