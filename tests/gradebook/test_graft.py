"""Whatever became of a notebook, the release's structure comes back with the student's work."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course import Course
from autograder.nbgrader.graft import GONE, NOTE, graft
from autograder.submissions.reading import parse_submission
from tests.gradebook.samples import DOT, NORM, Notebook, cell, notebook_of


@pytest.fixture
def work(released: Course) -> Notebook:
    """A notebook as a student hands it in."""
    return notebook_of(released, ex_dot=DOT, ex_norm=NORM)


def grafted(released: Course, work: Notebook | bytes) -> nbformat.NotebookNode:
    """The graft of a submission, which nbgrader and nbformat accept."""
    content = work if isinstance(work, bytes) else json.dumps(work).encode()
    release = nbformat.from_dict(notebook_of(released))
    notebook = graft(release, parse_submission(content))
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    return notebook


def marks(notebook: Notebook | nbformat.NotebookNode) -> list[object]:
    """nbgrader's metadata of a notebook's cells, in order."""
    metadata = (each["metadata"] for each in notebook["cells"])
    return [each["nbgrader"] for each in metadata if "nbgrader" in each]


def test_answers_stand_in_the_releases_cells(released: Course, work: Notebook) -> None:
    notebook = grafted(released, work)
    assert cell(notebook, "ex-dot")["source"] == DOT
    assert cell(notebook, "check-dot")["source"] == 'check("dot")'
    assert [each["id"] for each in notebook.cells] == [each["id"] for each in work["cells"]]


def test_a_duplicated_check_is_one_check_and_a_plain_cell(released: Course, work: Notebook) -> None:
    check = copy.deepcopy(cell(work, "check-dot"))
    work["cells"].append({**check, "id": "copied-by-jupyter"})
    notebook = grafted(released, work)
    assert marks(notebook) == marks(notebook_of(released))


def test_of_two_answer_cells_the_last_stands_in_its_place(released: Course, work: Notebook) -> None:
    answer = cell(work, "ex-dot")
    later = {**copy.deepcopy(answer), "id": "later", "source": "# second try\n" + DOT}
    work["cells"].insert(work["cells"].index(answer) + 1, later)
    notebook = grafted(released, work)
    assert cell(notebook, "ex-dot")["source"].startswith("# second try")
    assert [each.source for each in notebook.cells].count(DOT) == 1


@pytest.mark.parametrize(
    "edit",
    [
        {"schema_version": 1},
        {"schema_version": 99},
        {"schema_version": "x"},
        {"points": 1000},
        {"grade": False, "solution": True},
        {"locked": False},
        {"grade_id": "check-norm"},
        {"task": True},
    ],
)
def test_edited_marks_of_nbgrader_are_the_releases_again(
    released: Course, work: Notebook, edit: dict[str, object]
) -> None:
    cell(work, "check-dot")["metadata"]["nbgrader"] |= edit
    assert marks(grafted(released, work)) == marks(notebook_of(released))


def test_deleted_cells_come_back(released: Course, work: Notebook) -> None:
    work["cells"] = [each for each in work["cells"] if not each["id"].startswith("check-")]
    assert marks(grafted(released, work)) == marks(notebook_of(released))


def test_metadata_and_edited_checks_of_the_student_are_dropped(
    released: Course, work: Notebook
) -> None:
    work["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"x": 1}}
    cell(work, "ex-dot")["metadata"]["evil"] = "<script>"
    cell(work, "check-dot")["source"] = "40.0"
    cell(work, "check-dot")["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "40.0"}, "metadata": {},
         "execution_count": 1}
    ]  # fmt: skip
    notebook = grafted(released, work)
    assert "widgets" not in notebook.metadata
    assert "evil" not in cell(notebook, "ex-dot")["metadata"]
    assert cell(notebook, "check-dot")["source"] == 'check("dot")'
    assert cell(notebook, "check-dot")["outputs"] == []


def test_what_a_student_added_stands_where_it_stood(released: Course, work: Notebook) -> None:
    answer = work["cells"].index(cell(work, "ex-dot"))
    work["cells"].insert(
        answer + 1,
        {"cell_type": "code", "id": "my-experiment", "metadata": {}, "source": "dot([1], [2])",
         "execution_count": 3,
         "outputs": [{"output_type": "execute_result", "data": {"text/plain": "2.0"},
                      "metadata": {}, "execution_count": 3}]},
    )  # fmt: skip
    work["cells"].insert(0, {"cell_type": "raw", "metadata": {}, "source": "<script>raw</script>"})
    notebook = grafted(released, work)
    ids = [each["id"] for each in notebook.cells]
    assert ids.index("my-experiment") == ids.index("ex-dot") + 1
    assert cell(notebook, "my-experiment")["outputs"][0]["data"] == {"text/plain": "2.0"}
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source == "< script>raw< /script>"


def test_outputs_of_free_cells_are_kept_as_text(released: Course, work: Notebook) -> None:
    cell(work, "picture-norm")["outputs"] = [
        {"output_type": "display_data", "metadata": {},
         "data": {"text/html": "<script>alert(1)</script>", "text/plain": "#####"}}
    ]  # fmt: skip
    [output] = cell(grafted(released, work), "picture-norm")["outputs"]
    assert output["data"] == {"text/plain": "#####"}


def test_a_written_answer_cannot_run_anything(released: Course) -> None:
    text = "orthogonal <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    notebook = grafted(released, notebook_of(released, answer_orthogonal=text))
    source = cell(notebook, "answer-orthogonal")["source"]
    assert source == "orthogonal < img src=x onerror=alert(1)> [x] (javascript:alert(1))"


def test_an_untouched_answer_stays_byte_for_byte(released: Course) -> None:
    """nbgrader gives no points to an answer whose checksum is the release's."""
    notebook = grafted(released, notebook_of(released))
    release = notebook_of(released)
    assert cell(notebook, "answer-orthogonal") == cell(release, "answer-orthogonal")


def nameless(each: Notebook) -> Notebook:
    """A cell as other programs save it: without the id and nbgrader's metadata."""
    return {**each, "id": "regenerated", "metadata": {}}


def added(text: str, kind: str = "markdown") -> Notebook:
    """A cell of the student's own."""
    return {"cell_type": kind, "id": "of-my-own", "metadata": {}, "source": text}


def answer_after(released: Course, change: Callable[[list[Notebook]], list[Notebook]]) -> str:
    """What a reader finds in the answer's cell, after the last two cells were changed."""
    work = notebook_of(released, ex_dot=DOT)
    place = work["cells"].index(cell(work, "question-orthogonal"))
    work["cells"][place:] = change(work["cells"][place:])
    return str(cell(grafted(released, work), "answer-orthogonal")["source"])


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: [cells[0], nameless(cells[1] | {"source": "At right angles."})],
        lambda cells: [nameless(cells[0]), nameless(cells[1] | {"source": "At right angles."})],
        lambda cells: [cells[0], nameless(cells[1]), added("At right angles.")],
        lambda cells: [nameless(cells[1] | {"source": "At right angles."})],
        lambda cells: [*cells, added("At right angles.")],
        lambda cells: [*cells, added("At right angles.", "raw")],
        lambda cells: [cells[0], added("At right angles."), cells[1]],
        lambda cells: [cells[0], cells[1] | {"cell_type": "raw", "source": "At right angles."}],
    ],
    ids=[
        "without name", "nothing has a name", "beside a nameless one", "without the question",
        "below", "below, raw", "above", "retyped",
    ],
)  # fmt: skip
def test_a_written_answer_is_found_where_it_stands(
    released: Course, change: Callable[[list[Notebook]], list[Notebook]]
) -> None:
    assert answer_after(released, change) == "At right angles."


def test_an_answer_written_into_the_question_is_found(released: Course) -> None:
    text = answer_after(released, lambda cells: [cells[0] | {"source": "At right angles."}])
    assert text == "At right angles."


@pytest.mark.parametrize("rest", [[], [added("dot([0], [1])", "code")]])
def test_a_written_answer_that_is_gone_is_not_taken_for_untouched(
    released: Course, rest: list[Notebook]
) -> None:
    assert answer_after(released, lambda cells: [cells[0], *rest]).endswith(GONE)


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: [cells[0], nameless(cells[1])],
        lambda cells: [nameless(cells[0]), nameless(cells[1])],
        lambda cells: [cells[0], cells[1] | {"source": cells[1]["source"] + "\n "}],
        lambda cells: [*cells, added(" \n"), added("dot([0], [1])", "code")],
    ],
)
def test_an_untouched_answer_stays_untouched(
    released: Course, change: Callable[[list[Notebook]], list[Notebook]]
) -> None:
    released_text = cell(notebook_of(released), "answer-orthogonal")["source"]
    assert answer_after(released, change) == released_text


def test_a_damaged_file_gives_the_release_and_a_note(released: Course) -> None:
    notebook = grafted(released, b'{"cells": [')
    assert notebook.cells[0].id == NOTE
    assert "the notebook file is damaged" in notebook.cells[0].source
    assert marks(notebook) == marks(notebook_of(released))
    assert cell(notebook, "answer-orthogonal")["source"].endswith(GONE)


def test_ids_that_no_notebook_may_have_are_replaced(released: Course, work: Notebook) -> None:
    for id in ("", "with space", "x" * 80, "ex-dot ", NOTE, 7, None):
        work["cells"].append({"cell_type": "code", "id": id, "metadata": {}, "source": "1"})
    ids = [each["id"] for each in grafted(released, work).cells]
    assert len(ids) == len(set(ids))
