import json
from textwrap import dedent

from claudestep.application.reports import metadata_text
from claudestep.domain.errors import InvalidDocument
from claudestep.infrastructure.metadata.documents import Documents
from tests.unit.builders import NOW, done, project, step, task

DOCUMENTS = Documents(
    "v1",
    {
        "b": project(done(1, ai_tasks=(task(0.5),)), step(2), name="b", last_updated=NOW),
        "c": project(name="c"),
    },
    {"a": InvalidDocument("projects/a.json", "it is not a JSON object")},
)


def test_people_read_a_row_a_document_and_why_one_cannot_be_read() -> None:
    assert metadata_text.render(DOCUMENTS) == dedent("""\
        project    done   cost  last change (UTC)
        -------  ------  -----  -----------------------
        a        broken         it is not a JSON object
        b           1/2  $0.50  2025-01-15 10:30
        c           0/0  $0.00
        """)


def test_programs_read_the_same() -> None:
    assert json.loads(metadata_text.render_json(DOCUMENTS)) == {
        "version": 1,
        "kind": "metadata",
        "version_id": "v1",
        "projects": [
            {
                "project": "b",
                "done": 1,
                "total": 2,
                "cost": {"usd": 0.5, "unknown": 0},
                "last_updated": "2025-01-15T10:30:00Z",
            },
            {"project": "c", "done": 0, "total": 0, "cost": {"usd": 0.0, "unknown": 0}, "last_updated": None},
        ],
        "broken": [{"project": "a", "problem": "it is not a JSON object"}],
    }


def test_there_is_a_sentence_when_there_is_no_branch() -> None:
    assert "no metadata branch yet" in metadata_text.render(Documents())
    assert json.loads(metadata_text.render_json(Documents()))["version_id"] is None
