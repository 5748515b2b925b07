"""`check("...")`: what a student reads under an exercise."""

from __future__ import annotations

import html.parser
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from autograder.course import Course
from autograder.releasing.manifest import manifest_for
from autograder.student import check, needs
from autograder.student.checking import run_public_tests, source_of
from autograder.student.manifest import Manifest, find_manifest, read_manifest
from autograder.student.rendering import html as as_html
from autograder.student.rendering import text
from autograder.testing.errors import CheckFailed, NotDoneYet, is_not_done
from autograder.testing.verdicts import Outcome, Result, Verdict


@pytest.fixture
def notebook_variables(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the running notebook defines."""
    variables = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "__main__", cast(ModuleType, variables))
    return variables


@pytest.fixture
def manifest(tiny_course: Course) -> Manifest:
    return manifest_for(tiny_course, tiny_course.assignment("02"), version="1")


def verdict(outcome: Outcome, **rest: Any) -> Verdict:
    points = {Outcome.PASSED: 4.0, Outcome.GRADER_ERROR: None}.get(outcome, 0.0)
    return Verdict("test_it", "a requirement", False, outcome, points, 4.0, **rest)


def dot(x: list[float], y: list[float]) -> float:
    return float(sum(a * b for a, b in zip(x, y, strict=True)))


def test_only_public_tests_run_on_the_answer_in_the_notebook(manifest: Manifest) -> None:
    result = run_public_tests(manifest, manifest.exercise("dot"), {"dot": dot})
    assert result.passed
    assert [v.test for v in result.verdicts] == ["test_small_example", "test_empty"]


def test_an_answer_that_is_not_defined_is_not_done_yet(manifest: Manifest) -> None:
    result = run_public_tests(manifest, manifest.exercise("dot"), {})
    assert result.verdicts[0].outcome is Outcome.NOT_STARTED
    assert "not done yet" in text(result, manifest.exercise("dot"))


def test_check_raises_when_something_is_wrong_and_prints_why(
    tiny_course: Course,
    notebook_variables: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tiny_course.root)
    notebook_variables.dot = lambda x, y: float(sum(x) + sum(y))
    with pytest.raises(CheckFailed, match="0 of 2 passed"):
        check("dot")
    printed = capsys.readouterr().out
    assert "This looks like: adds instead of multiplying." in printed
    assert "Multiply the elements pair by pair." in printed
    assert "not checked, because “a small example” did not pass" in printed
    assert "orthogonal vectors (15)" in printed, "hidden tests are announced by title and points"
    assert "the public part: 25 of 40 points" in printed


def test_check_says_nothing_more_when_all_is_right(
    tiny_course: Course,
    notebook_variables: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tiny_course.notebooks)
    notebook_variables.dot = dot
    check("dot")
    assert "2 of 2 passed, 25 of 25 points" in capsys.readouterr().out


def test_an_unknown_exercise_is_named_with_those_that_exist(
    tiny_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_course.root)
    with pytest.raises(LookupError, match=r"no exercise 'dott'.*dot, norm"):
        check("dott")


def test_outside_a_workspace_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="start Jupyter in the folder"):
        find_manifest(tmp_path)


def test_a_manifest_survives_its_file(manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest.to_json()), encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    found = find_manifest(tmp_path / "notebooks")
    assert found.exercises == manifest.exercises
    assert found.version == "1"


@pytest.mark.parametrize("content", ["{", "[]", '{"course": "x"}'])
def test_a_damaged_manifest_is_named_with_the_remedy(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"manifest.json is damaged.*unpack the release again"):
        read_manifest(tmp_path / "manifest.json")


def test_html_is_well_formed_and_escapes_what_came_from_an_answer() -> None:
    hostile = "<script>alert(1)</script>"
    result = Result("x", (verdict(Outcome.FAILED, message=hostile, diagnosis=hostile),))
    page = as_html(result, hints=(hostile, "second"))
    assert "<script" not in page
    assert page.count("&lt;script") == 3
    opened: list[str] = []

    class Balance(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Balance().feed(page)
    assert not opened


def test_a_result_is_readable_without_colour() -> None:
    words = {
        Outcome.PASSED: "passed",
        Outcome.FAILED: "failed",
        Outcome.NOT_CHECKED: "not checked",
        Outcome.NOT_STARTED: "not done yet",
        Outcome.GRADER_ERROR: "not graded",
    }
    for outcome, word in words.items():
        result = Result("x", (verdict(outcome),))
        assert word in as_html(result)
        assert word in text(result)


def test_hints_open_one_after_another() -> None:
    page = as_html(Result("x", (verdict(Outcome.FAILED),)), hints=("one", "two", "three"))
    assert page.index("Hint 1 of 3") < page.index("Hint 2 of 3") < page.index("Hint 3 of 3")
    assert page.count("</details></details></details>") == 1


def test_a_picture_waits_for_its_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    with needs("dot", "norm"):
        raise NotDoneYet("01_vectors, exercise dot")
    assert "Finish dot and norm first" in capsys.readouterr().out


def test_a_mistake_in_a_picture_cell_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), needs("dot"):
        1 / 0  # noqa: B018


def test_the_source_of_an_answer_comes_with_its_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dot, "__module__", "__main__")
    assert "zip" in source_of("dot", {"dot": dot})
    assert source_of("print", {"print": print}) == ""


def test_torchs_own_not_implemented_error_is_a_mistake_and_not_work_to_come() -> None:
    assert is_not_done(NotDoneYet())
    assert is_not_done(NotImplementedError())
    assert not is_not_done(NotImplementedError('"check_uniform_bounds" not implemented for Long'))
