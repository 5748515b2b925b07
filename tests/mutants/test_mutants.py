"""The mutation run: what it changes, what it notices, what it asks a person to look at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator

from autograder.course import Course, CourseExercise
from autograder.course.solutions import reference_object
from autograder.mutants.justified import EQUIVALENT, Justified, read_justified
from autograder.mutants.mutation import Mutant, mutants_of
from autograder.mutants.operators import OPERATORS
from autograder.mutants.survey import BrokenReference, Survey, page, survey, survivors_of, table
from autograder.mutants.trial import Fate, MutantTrial, try_answer

HERE = Path(__file__)
ReplaceIn = Callable[[Path, str, str], None]

EXAMPLES = [
    pytest.param(operator, example, id=f"{operator.__name__}-{number}")
    for operator in OPERATORS
    for number, example in enumerate(operator.examples())
]


@pytest.fixture(autouse=True)
def _fresh_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the tiny course's library as other tests imported it, from copies of their own."""
    for name in list(sys.modules):
        if name.split(".")[0] == "tiny_lib":
            monkeypatch.delitem(sys.modules, name)


def source_of(course: Course, id: str) -> str:
    return course.module_file(course.exercise(id).module).read_text(encoding="utf-8")


def mutant(exercise: str, becomes: str) -> Mutant:
    return Mutant(exercise, "AnOperator", "x = 1", becomes, f"{becomes}\n")


def surveyed(*trials: tuple[Mutant, Fate]) -> Survey:
    return Survey("dot", "01_vectors", tuple((m, MutantTrial(fate, "", 0.1)) for m, fate in trials))


# what is changed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("operator", "example"), EXAMPLES)
def test_an_operator_does_what_its_examples_say(operator: type[Operator], example: Example) -> None:
    found = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
    assert found == example.post_mutation_code


def test_functions_of_a_module_are_no_methods() -> None:
    source = "import torch\ny = torch.linalg.norm(x)\n"
    assert mutate_code(source, OPERATORS[0](), 0) is None


def test_only_the_solution_is_changed(tiny_course: Course) -> None:
    changed = {mutant.line for mutant in mutants_of(tiny_course, tiny_course.exercise("dot"))}
    assert changed == {
        "products = [first * second for first, second in zip(x, y, strict=True)]",
        "return math.fsum(products) + EMPTY_SUM",
    }


def test_of_a_class_only_the_marked_parts_are_changed(tiny_course: Course) -> None:
    mutants = mutants_of(tiny_course, tiny_course.exercise("running_mean"))
    assert {mutant.line for mutant in mutants} == {
        "self.count += 1",
        "self.mean += (value - self.mean) / self.count",
    }


def test_mutants_are_different_programs(tiny_course: Course) -> None:
    mutants = mutants_of(tiny_course, tiny_course.exercise("dot"))
    assert len({mutant.source for mutant in mutants}) == len(mutants)
    assert source_of(tiny_course, "dot") not in {mutant.source for mutant in mutants}


# what becomes of it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("becomes", "fate"),
    [
        ("first * second", Fate.SURVIVED),
        ("first + second", Fate.KILLED),
        ("first.no_such_attribute", Fate.KILLED),
        ("bytearray(1 << 50)", Fate.KILLED),
        ("__import__('os')._exit(1)", Fate.DIED),
        ("sum(iter(int, 1))", Fate.OUT_OF_TIME),  # adds zeros until a 1 comes
    ],
)
def test_an_answer_meets_its_fate(tiny_course: Course, becomes: str, fate: Fate) -> None:
    source = source_of(tiny_course, "dot").replace("first * second", becomes)
    assert try_answer(tiny_course, tiny_course.exercise("dot"), source, 1.0).fate is fate


def test_hidden_tests_count(tiny_course: Course) -> None:
    source = source_of(tiny_course, "dot").replace("first * second", "abs(first) * second or 1e-9")
    trial = try_answer(tiny_course, tiny_course.exercise("dot"), source)
    assert trial.fate is Fate.KILLED
    assert trial.complaint.startswith("orthogonal vectors")


def test_a_mutant_stands_on_the_reference_of_other_exercises(tiny_course: Course) -> None:
    source = source_of(tiny_course, "norm").replace("first * second", "0.0")
    exercise = tiny_course.exercise("norm")
    assert try_answer(tiny_course, exercise, source).fate is Fate.SURVIVED


def test_a_test_that_raises_on_a_mutant_is_a_mistake_of_the_test(
    tiny_course: Course, replace_in: ReplaceIn
) -> None:
    tests = tiny_course.exercise("dot").hidden_tests
    replace_in(
        tests, "submission.call([7.0, 0.0], [0.0, 11.0])", "1 / submission.call([2.0], [1.0])"
    )
    replace_in(tests, "0.0, what=", "0.5, what=")
    source = source_of(tiny_course, "dot").replace("products) + EMPTY_SUM", "products[1:])")
    trial = try_answer(tiny_course, tiny_course.exercise("dot"), source)
    assert trial.fate is Fate.BROKE_A_TEST
    assert "ZeroDivisionError" in trial.complaint


def test_a_survey_tries_every_mutant(tiny_course: Course) -> None:
    exercise = tiny_course.exercise("norm")
    seen: list[str] = []
    (found,) = survey(
        tiny_course, [exercise], jobs=1, on_trial=lambda mutant, trial: seen.append(mutant.becomes)
    )
    assert seen == [m.becomes for m in mutants_of(tiny_course, exercise)]
    assert found.count(*Fate) == len(seen)
    assert found.count(Fate.KILLED) == len(seen)


def test_what_was_tried_with_the_same_tests_is_not_tried_again(tiny_course: Course) -> None:
    exercise = tiny_course.exercise("norm")
    tried: list[str] = []

    def counting(
        course: Course, exercise: CourseExercise, source: str, *limits: float
    ) -> MutantTrial:
        tried.append(source)
        return try_answer(course, exercise, source, *limits)

    first = survey(tiny_course, [exercise], jobs=1, attempt=counting)
    everything = len(tried)
    tried.clear()
    assert survey(tiny_course, [exercise], jobs=1, attempt=counting) == first
    assert len(tried) == 1, "only the reference"
    tried.clear()
    tests = exercise.public_tests
    tests.write_text(f"{tests.read_text('utf-8')}# changed\n", encoding="utf-8")
    survey(tiny_course, [exercise], jobs=1, attempt=counting)
    assert len(tried) == everything


def test_a_survey_needs_a_reference_that_passes(tiny_course: Course, replace_in: ReplaceIn) -> None:
    exercise = tiny_course.exercise("norm")
    replace_in(tiny_course.module_file(exercise.module), "math.sqrt(squared_length)", "0.0")
    with pytest.raises(BrokenReference, match=r"norm: the reference itself .* triangle"):
        survey(tiny_course, [exercise], jobs=1)


# what is asked of a person ------------------------------------------------------------------------


def test_a_survivor_is_a_finding_unless_it_is_justified() -> None:
    first, second = mutant("dot", "x = 2"), mutant("dot", "x = 3")
    justified = {first.key: Justified(first.key, "nobody can tell", HERE)}
    surveys = [surveyed((first, Fate.SURVIVED), (second, Fate.KILLED))]
    assert not survivors_of(surveys, justified)
    assert survivors_of(surveys, {}).unnoticed == (first,)


def test_a_justification_that_no_longer_holds_is_a_finding() -> None:
    killed, gone, other = mutant("dot", "x = 2"), mutant("dot", "x = 3"), mutant("norm", "x = 2")
    justified = {m.key: Justified(m.key, "nobody can tell", HERE) for m in (killed, gone, other)}
    found = survivors_of([surveyed((killed, Fate.KILLED))], justified)
    assert [one.key for one in found.outdated] == [killed.key, gone.key]


def test_a_broken_test_is_a_finding() -> None:
    assert survivors_of([surveyed((mutant("dot", "x = 2"), Fate.BROKE_A_TEST))], {})


def test_the_table_counts_and_the_page_gives_reasons(tiny_course: Course) -> None:
    known, unknown = mutant("dot", "x = 2"), mutant("dot", "x = 3")
    others = [(mutant("dot", f"x = {n}"), fate) for n, fate in enumerate(Fate, 10)]
    justified = {known.key: Justified(known.key, "Nobody can tell.", HERE)}
    surveys = [surveyed((known, Fate.SURVIVED), (unknown, Fate.SURVIVED), *others)]
    _, row, total = table(surveys, justified)
    assert row == ("01_vectors", "dot", "7", "3", "1", "3")
    assert total[2:] == row[2:]
    text = page(tiny_course, surveys, justified)
    assert "the solution of each exercise in `tiny_lib`" in text
    assert "| 01_vectors | dot | 7 | 3 | 1 | 3 |" in text
    assert "```diff\n- x = 1\n+ x = 2\n```\n\nNobody can tell.\n" in text


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ('line = "x"\nbecomes = ["y"]', "no. 1: give becomes, line, reason, and nothing else"),
        ('line = "x"\nbecomes = ["y"]\nreason = ""', "no. 1: give"),
        ('line = "x"\nbecomes = ["y", "y"]\nreason = "so"', "second time"),
    ],
)
def test_a_justification_is_complete_and_said_once(
    tiny_course: Course, tables: str, complaint: str
) -> None:
    exercise = tiny_course.exercise("dot")
    exercise.folder.mkdir(parents=True, exist_ok=True)
    (exercise.folder / EQUIVALENT).write_text(f"[[equivalent]]\n{tables}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        read_justified([exercise])


def test_every_justified_mutant_is_of_a_line_of_the_reference() -> None:
    course = Course.find(HERE)
    for exercise, line, _ in read_justified(course.exercises()):
        solutions = reference_object(course, course.exercise(exercise).object).solutions()
        text = " ".join(" ".join(solutions).split())
        assert " ".join(line.split()) in text, f"{exercise} has no line {line!r}"
