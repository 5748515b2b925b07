"""What runs for an exercise, out of notebooks in every state."""

import builtins
import linecache
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.answers.cells import MAX_EFFORT, python_of
from autograder.answers.program import (
    Cell,
    Program,
    SetupError,
    execute,
    program_for,
    program_for_file,
)
from autograder.testing.declarations import Exercise

REST = "    product = x * y\n    return product"
METHOD = "    def area(self):\n        return self.side ** 2"
AREA = Exercise("area", "shapes.area", "Area", 1, 5)
ANSWER = "def area(x, y):\n    product = x * y\n    return product"
STUB = "def area(x, y):\n    raise NotImplementedError"
RELEASED = "def area(x, y):\n    raise NotDoneYet"


def notebook(*cells):
    """A notebook of (id, source) code cells; an id that starts with `#` is markdown."""
    return {
        "cells": [
            {
                "cell_type": "markdown" if id.startswith("#") else "code",
                "id": id,
                "metadata": {},
                "source": source,
            }
            for id, source in cells
        ]
    }


def program(*cells, setup="import math", bindings=None, other_ids=()):
    return program_for(
        AREA, notebook(*cells), setup=setup, bindings=bindings or {}, other_ids=other_ids
    )


def run(program):
    namespace = {}
    notes = execute(program, namespace)
    return namespace, notes


def test_an_undamaged_notebook_needs_no_repair():
    made = program(("setup", "import math"), ("ex-area", ANSWER), ("check-area", 'check("area")'))
    assert made.answer.source == ANSWER
    assert made.repairs == ()
    assert run(made)[0]["area"](3, 4) == 12


def test_only_imports_definitions_and_literals_of_other_cells_run():
    other = (
        "import os\nprint('no')\nK = 2\nbatch = os.listdir()\ndef helper():\n    return K\nK + 1"
    )
    made = program(("scratch", other), ("ex-area", "def area(x, y):\n    return helper() * x * y"))
    namespace, notes = run(made)
    assert namespace["area"](1, 3) == 6
    assert "batch" not in namespace
    assert notes == []


def test_left_out_statements_do_not_move_the_lines_of_the_others():
    made = program(("scratch", "print(\n  'é', 1\n); import os\n\ndef helper():\n    1 / 0"))
    namespace, _ = run(made)
    assert namespace["helper"].__code__.co_firstlineno == 5
    assert "os" in namespace


def test_an_import_that_may_fail_is_kept():
    guard = "try:\n    import no_such_module\nexcept ImportError:\n    no_such_module = None"
    assert run(program(("imports", guard)))[0]["no_such_module"] is None


def test_other_exercises_are_bound_to_the_reference():
    cells = (("ex-hypot", "def hypot(x, y):\n    return -1"), ("ex-area", ANSWER))
    namespace, _ = run(program(*cells, bindings={"hypot": "math.hypot"}))
    assert namespace["hypot"] is math.hypot


def test_a_definition_of_another_exercise_in_the_answers_cell_is_left_out():
    merged = "def hypot(x, y):\n    return -1\n\ndef area(x, y):\n    return hypot(x, y)"
    made = program(("ex-area", merged), bindings={"hypot": "math.hypot"})
    assert run(made)[0]["area"](3, 4) == 5
    assert "hypot is another exercise" in made.repairs[0]


def test_the_exercise_itself_is_never_bound():
    made = program(bindings={"area": "math.prod"})
    assert made.answer is None
    assert "area" not in run(made)[0]


def test_the_answer_is_found_by_name_when_its_cell_is_gone():
    made = program(("mine", ANSWER + "\nprint('training')"))
    assert made.repairs == ("cell ex-area is missing: area was found in cell mine",)
    assert "print" not in made.answer.source


def test_the_answer_is_found_by_name_when_its_cell_defines_something_else():
    made = program(("ex-area", "def aera(x, y):\n    return x * y"), ("mine", ANSWER))
    assert made.answer.id == "mine"
    assert "does not define it" in made.repairs[0]


def test_the_released_stub_below_the_answer_in_its_cell_is_left_out():
    made = program(("ex-area", f"{ANSWER}\n\n{RELEASED}"))
    assert run(made)[0]["area"](3, 4) == 12
    assert made.repairs == ("below the answer in cell ex-area stands the released one: left out",)


def test_a_piece_that_was_pasted_twice_is_joined_once():
    made = program(("ex-area", "def area(x, y):"), ("rest", REST), ("again", REST))
    assert made.answer.source == f"def area(x, y):\n{REST}"
    assert made.repairs == ("cell ex-area was split into 2: joined again",)


def test_a_piece_of_a_line_below_a_magic_is_joined():
    made = program(("ex-area", "def area(x, y):\n    return x"), ("rest", "!ls\n * y + (0)\n#"))
    assert run(made)[0]["area"](3, 4) == 12


def test_a_broken_cell_below_a_comment_is_no_part_of_the_answer():
    made = program(("ex-area", f"{ANSWER}  # done"), ("play", "for x in range(3)\n    area(x, x)"))
    assert made.answer.source == f"{ANSWER}  # done"
    assert made.repairs == ()


def test_an_indented_text_below_an_answer_is_the_rest_of_it():
    cells = [("code", "ex-box", "class Box:\n    side = 1"), ("raw", "rest", METHOD)]
    notebook = {"cells": [{"cell_type": t, "id": i, "source": s} for t, i, s in cells]}
    box = Exercise("box", "shapes.Box", "Box", 1, 5)
    made = program_for(box, notebook, setup="", bindings={})
    assert run(made)[0]["Box"]().area() == 1
    assert "cell ex-box was turned into text: read as code" in made.repairs


def test_a_cell_known_by_nbgraders_grade_id_is_its_own():
    cell = {
        "cell_type": "code",
        "id": "a1b2",
        "metadata": {"nbgrader": {"grade_id": "ex-area"}},
        "source": ["def area(x, y):\n", "    return x * y"],
    }
    made = program_for(AREA, {"cells": [cell]}, setup="", bindings={})
    assert made.repairs == ()
    assert made.answer.id == "ex-area"


def test_of_two_definitions_the_last_counts_and_both_are_reported():
    made = program(("ex-area", STUB), ("again", ANSWER))
    assert made.answer.id == "again"
    assert made.repairs == ("area is defined in ex-area, again: the last counts",)


def test_an_experiment_that_reuses_the_name_is_no_definition():
    made = program(("ex-area", ANSWER), ("experiment", "area = area(3, 4)"))
    assert made.answer.id == "ex-area"
    assert made.repairs == ()


def test_an_answer_may_be_an_assignment_in_its_own_cell():
    assert run(program(("ex-area", "area = math.dist")))[0]["area"] is math.dist


@pytest.mark.parametrize("cut", range(1, ANSWER.index("return")))
def test_a_cell_split_before_its_last_line_is_joined_again(cut):
    first, second = ANSWER[:cut].strip("\n"), ANSWER[cut:].strip("\n")
    made = program(("ex-area", first), ("new", second), ("check-area", 'check("area")'))
    namespace, _ = run(made)
    assert namespace["area"](3, 4) == 12
    assert "split into 2" in made.repairs[-1]


def test_a_split_cell_is_joined_when_its_id_stayed_with_the_second_piece():
    made = program(("new", "def area(x, y):"), ("ex-area", "    return x * y"))
    assert run(made)[0]["area"](3, 4) == 12


def test_a_class_split_between_its_methods_is_joined():
    exercise = Exercise("box", "shapes.Box", "Box", 1, 5)
    pieces = (
        ("ex-box", "class Box:\n    def width(self):\n        return 2"),
        ("x1", "    def height(self):\n        return 3"),
        ("x2", "    def depth(self):\n        return 4"),
    )
    made = program_for(exercise, notebook(*pieces), setup="", bindings={})
    box = run(made)[0]["Box"]()
    assert (box.width(), box.height(), box.depth()) == (2, 3, 4)


def test_cells_of_the_release_are_no_pieces_of_an_answer():
    broken = "def area(x, y):\n    return x *"
    made = program(("ex-area", broken), ("ex-other", "x.shape"), other_ids=["other", "area"])
    assert made.answer.source == broken
    assert "not valid Python" in made.repairs[0]


def test_prose_between_two_cells_keeps_them_apart():
    made = program(("ex-area", "def area(x, y):"), ("#text", "why"), ("b", "    return 1"))
    assert made.answer.source == "def area(x, y):"


def test_an_answer_that_is_not_python_raises_when_it_runs():
    made = program(("ex-area", "def area(x, y) return x"))
    with pytest.raises(SyntaxError):
        run(made)


@pytest.mark.parametrize("line", ["import no_such_module", "K = 1 / 0"])
def test_an_error_in_the_answers_cell_before_the_answer_is_raised(line):
    with pytest.raises((ModuleNotFoundError, ZeroDivisionError)):
        run(program(("ex-area", f"{line}\n{ANSWER}")))


@pytest.mark.parametrize("merged", [f"{ANSWER}\nK = 1 / 0", f"1 / 0\n{ANSWER}"])
def test_a_check_or_a_picture_that_was_merged_into_the_answers_cell_may_fail(merged):
    namespace, notes = run(program(("ex-area", merged)))
    assert namespace["area"](3, 4) == 12
    assert notes == ["cell ex-area raised ZeroDivisionError: division by zero"]


def test_a_cell_that_fails_before_it_defines_the_answer_raises_its_first_error():
    conditional = "with open('/no/such/file'):\n    def area(x, y):\n        return x * y\n1 / 0"
    with pytest.raises(FileNotFoundError):
        run(program(("ex-area", conditional)))


def test_errors_in_other_cells_are_notes():
    made = program(("ex-area", ANSWER), ("bad", "import no_such_module"), ("good", "K = 1"))
    namespace, notes = run(made)
    assert namespace["K"] == 1
    assert notes == ["cell bad raised ModuleNotFoundError: No module named 'no_such_module'"]


def test_a_definition_in_another_cell_is_no_answer_when_the_answers_cell_fails():
    made = program(("early", ANSWER), ("ex-area", "K = 1 / 0\n" + ANSWER))
    namespace = {}
    with pytest.raises(ZeroDivisionError):
        execute(made, namespace)
    assert "area" not in namespace


def test_a_failing_set_up_is_the_kits_own_failure():
    with pytest.raises(SetupError, match="set-up cell raised ZeroDivisionError"):
        run(program(("ex-area", ANSWER), setup="1 / 0"))


def test_a_reference_that_is_not_there_is_the_kits_own_failure():
    with pytest.raises(SetupError, match=r"math\.nothing"):
        run(program(("ex-area", ANSWER), bindings={"nothing": "math.nothing"}))


def test_tracebacks_name_the_cell_and_show_its_source():
    namespace, _ = run(program(("ex-area", ANSWER)))
    code = namespace["area"].__code__
    assert code.co_filename == "<answer: ex-area>"
    assert linecache.getline(code.co_filename, 2) == "    product = x * y\n"


def test_future_imports_hold_for_later_cells():
    annotated = "def area(x: NotDefined, y: NotDefined):\n    return x * y"
    made = program(("a", "from __future__ import annotations"), ("ex-area", annotated))
    assert run(made)[0]["area"](3, 4) == 12


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("!pip install torch\nx = 1", "\nx = 1"),
        ("for i in range(3):\n    %time f(i)", "for i in range(3):\n    pass"),
        ("files = !ls\nx = 1", "\nx = 1"),
        ("t = %timeit -o f()\nx = 1", "\nx = 1"),
        ("area?\nx = 1", "\nx = 1"),
        ("!echo don't \\\n  stop\nx = 1", "\n\nx = 1"),
        ("%%bash\nrm -r x", ""),
        ("y = (7\n     % 4)", "y = (7\n     % 4)"),
        ('s = """\n!not a shell line\n"""', 's = """\n!not a shell line\n"""'),
    ],
)
def test_magics_and_shell_lines_are_blanked_and_python_is_left_alone(source, expected):
    assert python_of(source) == expected


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"cells": None},
        {"cells": ["text", {"cell_type": "code"}, {"cell_type": "code", "source": 7}]},
        {"cells": [{"cell_type": "code", "source": "x\x00", "metadata": [], "id": ["a"]}]},
        {"cells": [{"cell_type": "code", "source": "\ud800", "metadata": {"nbgrader": 3}}]},
        {"cells": [{"cell_type": "code", "source": "(" * 50_000, "metadata": {}}]},
        {"cells": [{"cell_type": "code", "source": "a" + "+1" * 50_000, "metadata": {}}]},
    ],
)
def test_a_notebook_of_any_shape_gives_a_program_without_an_answer(damaged):
    assert program_for(AREA, damaged, setup="", bindings={}).answer is None


def test_an_id_that_is_not_fit_to_be_shown_is_replaced_by_the_cells_place():
    made = program(("<script>", ANSWER))
    assert made.answer.id == "number-1"


@given(st.lists(st.tuples(st.sampled_from(["ex-area", "a", "#m", "check-area"]), st.text())))
def test_making_a_program_never_fails(cells):
    made = program(*cells)
    assert Program.from_json(made.to_json()) == made


def test_a_file_is_an_answer():
    made = program_for_file(AREA, "import math\n" + ANSWER, setup="", bindings={})
    assert run(made)[0]["area"](3, 4) == 12
    assert made.repairs == ()


def test_a_file_that_does_not_define_the_name_is_no_answer():
    made = program_for_file(AREA, "x = 1", setup="", bindings={})
    assert made.answer is None
    assert made.repairs == ("the file defines no area",)


def test_a_helper_after_a_broken_import_still_counts() -> None:
    helpers = Cell("helpers", "import missing_here\n\ndef twice(x):\n    return 2 * x\n")
    answer = Cell("ex-four", "def four(x):\n    return twice(twice(x))\n")
    namespace: dict = {}
    notes = execute(Program("four", "four", "", (helpers,), {}, answer), namespace)
    assert namespace["four"](1) == 4
    assert "missing_here" in notes[0]


# hostile text -------------------------------------------------------------------------------------


def characters_compiled(monkeypatch, act):
    """How many characters the compiler gets."""
    read = []
    real = builtins.compile

    def compiled(source, *rest, **named):
        read.append(len(source))
        return real(source, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "compile", compiled)
        act()
    return sum(read)


def test_thousands_of_magics_are_not_read_for_ever(monkeypatch):
    text = ANSWER + "\n%magic" * 20_000
    effort = characters_compiled(monkeypatch, lambda: program(("ex-area", text)))
    assert 0 < effort < 2 * MAX_EFFORT


def test_hundreds_of_broken_cells_are_not_joined_in_every_way(monkeypatch):
    cells = [("ex-area", ANSWER), *((f"c{i}", "%a\n" * 100 + "(" + "1" * i) for i in range(600))]
    found = []
    effort = characters_compiled(monkeypatch, lambda: found.append(program(*cells)))
    assert 0 < effort < 2 * MAX_EFFORT
    assert found[0].answer.source == ANSWER


def test_a_line_of_spaces_is_read_at_once():
    """A pattern that tries every split of them would take minutes."""
    assert python_of(" " * 150_000 + ")") == " " * 150_000 + ")"


def test_code_beyond_the_limit_is_not_read():
    filler = [(f"c{i}", "#" * 150_000) for i in range(3)]
    assert program(("ex-area", ANSWER), *filler).answer is not None
    assert program(*filler, ("ex-area", ANSWER)).answer is None


def test_a_cell_too_long_to_be_compiled_twice_is_still_an_answer():
    long = ANSWER + "\n" + "def helper(): pass\n" * 2_000
    assert program(("ex-area", long)).answer.source == long
