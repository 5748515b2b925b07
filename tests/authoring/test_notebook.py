"""Notebooks are built from text, the same every time, and never over somebody's edits."""

import json

import nbformat
import pytest

from autograder.authoring.notebook import (
    _within_needs,
    build_notebook,
    build_notebooks,
    notebook_hash,
    notebook_text,
)


@pytest.fixture
def vectors(tiny_course):
    """The notebook of 01, by cell id."""
    notebook = build_notebook(tiny_course, tiny_course.assignment("01"))
    return {cell["id"]: cell for cell in notebook.cells}


def test_an_exercise_becomes_a_heading_an_answer_and_a_check(vectors):
    ids = list(vectors)
    place = ids.index("ex-dot")
    assert ids[place - 1 : place + 2] == ["about-dot", "ex-dot", "check-dot"]
    assert "Inner product" in vectors["about-dot"].source
    assert "difficulty 1 of 5 ●○○○○ · 5 minutes · 40 points" in vectors["about-dot"].source
    assert vectors["check-dot"].source == 'check("dot")'


def test_the_answer_is_the_reference_with_its_solution_marked(vectors):
    source = vectors["ex-dot"].source
    assert source.startswith("def dot(x: Sequence[float]")
    assert "    ### BEGIN SOLUTION\n    products" in source


def test_nbgraders_marks_are_complete(vectors):
    assert vectors["ex-dot"].metadata["nbgrader"] == {
        "grade": False,
        "grade_id": "ex-dot",
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    check = vectors["check-dot"].metadata["nbgrader"]
    assert (check["grade"], check["locked"], check["points"]) == (True, True, 40)
    assert vectors["question-orthogonal"].metadata["nbgrader"]["locked"] is True
    answer = vectors["answer-orthogonal"]
    assert (answer.metadata["nbgrader"]["points"], answer.cell_type) == (20, "markdown")
    assert "right angle" in answer.source
    assert "15 points" in answer.source


def test_the_set_up_cell_stays(vectors):
    assert vectors["setup"].metadata == {"deletable": False, "editable": False}


def test_a_picture_waits_for_its_exercise(vectors):
    assert vectors["picture-norm"].source == (
        'with needs("norm"):\n    print("#" * round(norm([3.0, 4.0])))'
    )


def test_strings_of_several_lines_keep_their_text_inside_a_picture():
    source = 'text = """one\n  two\n"""\n\nif text:\n    print(text)'
    built = _within_needs(source, ("norm",))
    namespace = {}
    exec(built.replace('with needs("norm"):', "if True:"), namespace)
    assert namespace["text"] == "one\n  two\n"
    assert built.splitlines()[4] == ""


def test_a_string_that_begins_on_its_own_line_is_indented_like_code():
    built = _within_needs('show(\n    f"{1} bird, "\n    f"{2} birds",\n)', ("norm",))
    assert built.splitlines()[1:] == [
        "    show(",
        '        f"{1} bird, "',
        '        f"{2} birds",',
        "    )",
    ]


def test_magics_may_stand_inside_a_picture():
    built = _within_needs("%matplotlib inline\nshow()", ("norm",))
    assert built == 'with needs("norm"):\n    %matplotlib inline\n    show()'


def test_a_notebook_is_valid_and_holds_nothing_of_the_build(tiny_course):
    notebook = build_notebook(tiny_course, tiny_course.assignment("01"))
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    text = notebook_text(notebook)
    assert "jupytext" not in text
    assert "lines_to_next_cell" not in text
    assert str(tiny_course.root) not in text


def test_building_twice_gives_the_same_bytes(tiny_course):
    first, second = (
        notebook_text(build_notebook(tiny_course, tiny_course.assignment("02"))) for _ in range(2)
    )
    assert first == second


def test_cells_are_named_by_their_first_words_and_collisions_ask_for_a_name(
    tiny_course, replace_in
):
    assignment = tiny_course.assignment("01")
    replace_in(assignment.source, "# ## Inner product", "# # 01 Vectors")
    with pytest.raises(ValueError, match=r"several cells would have the id 01-vectors\. Give"):
        build_notebook(tiny_course, assignment)
    replace_in(
        assignment.source,
        "# %% [markdown]\n# # 01 Vectors\n#\n# $",
        '# %% [markdown] name="maths"\n# $',
    )
    notebook = build_notebook(tiny_course, assignment)
    assert [cell["id"] for cell in notebook.cells][:3] == ["01-vectors", "setup", "maths"]


def test_notebooks_are_built_once(tiny_course):
    assert build_notebooks(tiny_course) == [a.ipynb for a in tiny_course.assignments()]
    assert build_notebooks(tiny_course) == []
    assert build_notebooks(tiny_course, check=True) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("notebooks/01_vectors.py", "everything later", "all that follows"),
        ("tiny_lib/vectors.py", "squared_length", "square"),
        ("tiny_tests/01_vectors/dot/public.py", '"Inner product"', '"Scalar product"'),
    ],
)
def test_a_change_of_text_reference_or_tests_makes_a_notebook_stale(
    tiny_course, replace_in, file, old, new
):
    build_notebooks(tiny_course)
    replace_in(tiny_course.root / file, old, new)
    vectors = tiny_course.assignment("01").ipynb
    assert build_notebooks(type(tiny_course).find(tiny_course.root), check=True) == [vectors]


def test_check_writes_nothing(tiny_course):
    assert len(build_notebooks(tiny_course, check=True)) == 2
    assert not tiny_course.assignment("01").ipynb.exists()


def edited(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def test_a_hand_edited_notebook_is_not_overwritten(tiny_course):
    build_notebooks(tiny_course)
    path = tiny_course.assignment("01").ipynb

    def add_a_sentence(notebook):
        notebook.cells[0].source += "\n\nAnd one more thing."

    edited(path, add_a_sentence)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"01_vectors\.ipynb was edited by hand.*text source"):
        build_notebooks(tiny_course)
    assert path.read_bytes() == before
    assert build_notebooks(tiny_course, check=True) == [path]


def test_a_mistake_in_one_text_source_keeps_no_other_notebook_back(tiny_course, replace_in):
    replace_in(tiny_course.assignment("01").source, "points=20", "points=21")
    with pytest.raises(ValueError, match=r"01_vectors\.py cannot be built"):
        build_notebooks(tiny_course)
    assert tiny_course.assignment("02").ipynb.is_file()


def test_a_notebook_that_was_only_run_is_built_again(tiny_course):
    build_notebooks(tiny_course)
    path = tiny_course.assignment("01").ipynb

    def run(notebook):
        setup = next(cell for cell in notebook.cells if cell["id"] == "setup")
        setup.execution_count = 1
        setup.outputs = [nbformat.v4.new_output("stream", text="hello")]
        notebook.metadata.language_info["version"] = "3.11.7"

    edited(path, run)
    assert build_notebooks(tiny_course) == [path]


def test_a_notebook_that_cannot_be_read_is_not_overwritten(tiny_course):
    path = tiny_course.assignment("01").ipynb
    path.parent.mkdir()
    path.write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_vectors\.ipynb cannot be read"):
        build_notebooks(tiny_course)


def test_the_recorded_hash_is_that_of_the_content(tiny_course):
    build_notebooks(tiny_course)
    notebook = nbformat.read(tiny_course.assignment("01").ipynb, as_version=4)
    assert notebook.metadata.course.sha256 == notebook_hash(notebook)
    assert json.dumps(notebook.metadata.course).count("/") == 0
