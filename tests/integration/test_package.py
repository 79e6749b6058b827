"""What is installed: the wheel, the demo, and what importing costs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import claudestep
from tests.integration.repository import Repository

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_program_its_types_and_the_example(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    example = ROOT / "examples/bookshop"
    tracked = subprocess.run(["git", "ls-files"], cwd=example, check=True, capture_output=True, text=True).stdout
    assert tracked.split()
    assert {f"claudestep/examples/bookshop/{path}" for path in tracked.split()} <= names
    assert "claudestep/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_demo_shows_the_whole_loop(tmp_path: Path) -> None:
    repository = Repository(tmp_path, name="home")
    result = repository.run("demo", str(tmp_path / "shop"))
    assert result.code == 0, result.err
    assert "5 of 5 done (100 %)" in result.out
    assert "No reviewer has room for one more pull request." in result.out
    assert result.out.count("\n  pull request #") == 5
    shop = Repository(tmp_path, name="shop")
    assert shop.document("modernise")["steps"][0]["pr_state"] == "merged"
    assert shop.git("status", "--porcelain") == ""


def test_the_demo_does_not_write_into_a_folder_with_files(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    kept = repository.write("precious.txt", "mine")
    result = repository.run("demo", str(repository.path))
    assert result.code == 2
    assert "not empty" in result.err
    assert [path.name for path in repository.path.iterdir()] == [kept.name]


def test_every_public_name_is_there() -> None:
    for name in claudestep.__all__:
        assert getattr(claudestep, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = claudestep.no_such_name


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_the_quick_answers_load_neither_codec_nor_backend(argument: str) -> None:
    argv = [sys.executable, "-X", "importtime", "-m", "claudestep", argument]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert "claudestep" in done.stdout
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not loaded & {"msgspec", "yaml", "pydantic", "claudestep.infrastructure"}
    if argument == "--version":
        assert "typer" not in loaded


def test_the_programs_version_is_the_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "claudestep", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout == f"claudestep {claudestep.__version__}\n"
    assert f'version = "{claudestep.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_the_store_opens_on_a_path(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    assert claudestep.open_store(repository.path).list() == []
    assert claudestep.open_store(str(repository.path / "claude-step")).list() == []
    with pytest.raises(claudestep.RepositoryError, match="not inside a git repository"):
        claudestep.open_store(tmp_path)
