"""The commands: ``python -m data_scripts birds`` and ``omniglot``."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from course_lib.datasets import read_cub
from data_scripts.cli import app

TINY = ["--genera", "2", "--species", "1", "--photos", "2", "--size", "16"]


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_birds_are_rendered_with_progress_and_a_closing_word(run, tmp_path):
    result = run("birds", "--to", tmp_path / "birds", *TINY, "--seed", 3)
    assert result.exit_code == 0, result.output
    assert "4/4" in result.stderr
    assert "2 genera x 1 species x 2 photos" in result.stdout
    assert len(read_cub(tmp_path / "birds")) == 4


def test_the_package_itself_is_the_command(tmp_path):
    command = [sys.executable, "-m", "data_scripts", "birds", "--to", str(tmp_path / "b"), *TINY]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "b" / "dataset.json").is_file()


def test_what_the_user_can_put_right_is_a_sentence_and_no_traceback(run, tmp_path):
    result = run("birds", "--to", tmp_path / "birds", "--genera", 99)
    assert result.exit_code == 1
    assert result.stderr.strip() == "genera must be between 1 and 48, not 99"


def test_missing_archives_are_named_after_licence_and_citation(run, tmp_path):
    result = run("omniglot", "--to", tmp_path / "omniglot", "--from", tmp_path)
    assert result.exit_code == 1
    assert "images_background_small1.zip is missing: get it from https://" in result.stderr
    assert "MIT License" in result.stdout
    assert "share Greek and Latin" in result.stdout


def test_omniglot_is_prepared_from_a_folder_of_archives(run, tmp_path, shared_omniglot):
    result = run("omniglot", "--to", tmp_path / "omniglot", "--from", shared_omniglot)
    assert result.exit_code == 0, result.output
    assert "4840 drawings" in result.stdout
