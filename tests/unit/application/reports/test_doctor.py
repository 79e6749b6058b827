"""What doctor prints, to the letter."""

import json

from claudestep.application.reports import doctor_json, doctor_text
from claudestep.domain.diagnosis import Check, Diagnosis

FOUND = Diagnosis(
    (
        Check("git", "ok", "git 2.47.3"),
        Check("configuration", "problem", "unknown key 'a'", "Correct it.\nOr take it out.", "p.yml:3"),
        Check("rate", "unknown", "it could not be found out:\n  \x1b[31mno", "Look yourself."),
        Check("label", "warning", "it is not there", "Make it."),
        Check("label", "warning", "neither is this one", "Make it, too."),
    )
)


def test_for_people() -> None:
    assert doctor_text.render(FOUND) == (
        "ok       git            git 2.47.3\n"
        "problem  configuration  p.yml:3: unknown key 'a'\n"
        "         -> Correct it.\n"
        "            Or take it out.\n"
        "unknown  rate           it could not be found out: \N{REPLACEMENT CHARACTER}[31mno\n"
        "         -> Look yourself.\n"
        "warning  label          it is not there\n"
        "         -> Make it.\n"
        "warning  label          neither is this one\n"
        "         -> Make it, too.\n"
        "\n"
        "5 checks: 1 problem, 2 warnings, 1 unknown\n"
    )


def test_for_programs() -> None:
    told = json.loads(doctor_json.render(FOUND))
    assert (told["version"], told["kind"], told["ok"]) == (1, "doctor", False)
    assert told["checks"][0] == {"name": "git", "status": "ok", "message": "git 2.47.3", "remedy": ""}
    assert told["checks"][1] == {
        "name": "configuration",
        "status": "problem",
        "message": "unknown key 'a'",
        "remedy": "Correct it.\nOr take it out.",
        "where": "p.yml:3",
    }


def test_only_a_problem_is_one() -> None:
    assert Diagnosis(tuple(check for check in FOUND.checks if check.status != "problem")).ok
    assert doctor_text.render(Diagnosis(FOUND.checks[:1])).endswith("1 check: nothing stands in the way\n")


def test_many_that_are_unknown_for_one_reason_are_one_line() -> None:
    unknown = [Check(name, "unknown", "see token", "Log in.") for name in ("a", "b", "c", "d")]
    token = Check("token", "problem", "there is none", "Log in.")
    between = Check("git", "ok", "git 2")
    assert doctor_text.render(Diagnosis((token, unknown[0], between, *unknown[1:]))) == (
        "problem  token     there is none\n"
        "         -> Log in.\n"
        "unknown  4 checks  see token: a, b, c, d\n"
        "ok       git       git 2\n"
        "\n"
        "6 checks: 1 problem, 4 unknown\n"
    )
    assert "unknown  c  see token\n" in doctor_text.render(Diagnosis(tuple(unknown[:3])))
    alone = doctor_text.render(Diagnosis(tuple(unknown)))
    assert "a, b, c, d\n         -> Log in.\n" in alone
