import pytest

from claudestep.domain.errors import UsageError
from claudestep.domain.models import Project, Step
from claudestep.domain.renaming import check_branches_free, check_not_renamed, find_vanished
from tests.unit.builders import at, claimed, closed, done, in_review, merged, previous, project, step

OLD = project(done(1, "One"), in_review(2, "Two"), step(3, "Three"), name="old")


@pytest.mark.parametrize(
    ("known", "lines", "found"),
    [
        (OLD, ["Two"], True),
        (OLD, ["Zero", "  Two ", "One"], True),
        (OLD, ["One", "Three"], True),
        (OLD, ["Three"], False),
        (project(in_review(1, "One"), claimed(2, "Two")), ["Two", "One"], True),
        (project(in_review(1, "One"), claimed(2, "Two"), step(3), step(4), step(5)), ["Two", "Three"], True),
        (project(done(1, "One"), step(2, "Two"), step(3), step(4), step(5)), ["Two", "One"], False),
        (project(done(1, "One"), done(2, "Two")), ["One", "Two"], False),
        (project(merged(1, "One")), ["One"], True),
        (project(closed(1, "One")), ["One"], True),
        (project(done(1, "One"), step(2, "Two")), ["One", "Two"], True),
        (project(step(1, "One"), step(2, "Two")), ["One", "Two"], False),
        (project(step(1, "One", attempts=1, skipped_at=at(-1))), ["One"], False),
        (project(in_review(1, "One", orphaned_at=at(-1))), ["One"], False),
        (project(), ["One"], False),
    ],
)
def test_a_project_vanished_when_a_step_under_way_or_half_of_its_steps_stand_elsewhere(
    known: Project,
    lines: list[str],
    found: bool,  # noqa: FBT001
) -> None:
    assert (find_vanished(lines, [known]) is known) is found


def test_the_remedy_names_the_command_and_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"claude-step/new/spec\.md") as caught:
        check_not_renamed("new", ["Two"], {"old": OLD}, set())
    assert "claudestep metadata rename old new" in caught.value.remedy
    assert "bring claude-step/old/spec.md back" in caught.value.remedy


def test_a_project_that_has_a_document_or_whose_old_folder_is_there_is_none_of_it() -> None:
    check_not_renamed("new", ["Two"], {"old": OLD, "new": project(name="new")}, set())
    check_not_renamed("new", ["Two"], {"old": OLD}, {"old"})
    check_not_renamed("new", ["Two"], {}, set())


@pytest.mark.parametrize(
    "one",
    [
        in_review(1, branch_name="claude-step-auth-1"),
        step(1, previous_pull_requests=(previous(101, branch_name="claude-step-auth-1.2"),)),
    ],
)
def test_a_name_that_was_given_up_is_not_given_again_while_branches_have_it(one: Step) -> None:
    renamed = [project(one, name="login")]
    with pytest.raises(UsageError, match="auth was the name of login"):
        check_branches_free("auth", renamed)
    check_branches_free("auth-api", renamed)
    check_branches_free("login", renamed)


def test_a_project_keeps_the_branches_of_its_own_name() -> None:
    check_branches_free("p", [project(in_review(1))])
