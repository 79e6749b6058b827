from textwrap import dedent

from claudestep.application.reports.statistics_text import render
from claudestep.domain.statistics import summarize
from tests.unit.application.reports.examples import LOGGING, STATISTICS
from tests.unit.builders import NOW, project, step, task
from tests.unit.golden import golden


def test_people_read_tables_of_projects_reviewers_and_costs() -> None:
    text = render(STATISTICS)
    assert text == golden("statistics.txt", text.encode()).decode()


def test_there_is_a_sentence_when_there_is_no_project() -> None:
    assert render(summarize([], NOW)) == "There is no project yet.\n"


def test_tables_are_left_out_when_they_would_be_empty() -> None:
    assert render(summarize([LOGGING], NOW)) == dedent("""\
        project  done        open  merged  closed   cost  last change (UTC)
        -------  ----  ----  ----  ------  ------  -----  -----------------
        logging   1/3  33 %     0       0       0  $0.00  never
        """)


def test_a_name_never_steers_the_terminal() -> None:
    known = project(step(1, ai_tasks=(task(1.0, model="\x1b[2Jm"),)))
    assert "\x1b" not in render(summarize([known], NOW))
