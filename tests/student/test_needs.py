"""Picture cells wait for their exercises."""

import pytest

from autograder.student.checking import needs
from autograder.testing.errors import NotDoneYet


@pytest.fixture(autouse=True)
def nothing_waits():
    """Let no exercise wait before a test, nor after it: its block has run."""
    with needs("norm", "mean"):
        pass
    yield
    with needs("norm", "mean"):
        pass


def unfinished():
    raise NotDoneYet("write it in 02")


def test_a_block_without_an_answer_says_what_to_finish(capsys):
    with needs("norm"):
        unfinished()
    assert capsys.readouterr().out.startswith("Finish norm first")


def test_a_later_block_that_lacks_the_variables_of_an_earlier_one_waits_as_well(capsys):
    with needs("norm"):
        lengths = unfinished()
    with needs("norm", "mean"):
        print(lengths)
    assert "run the cells above again. (" in capsys.readouterr().out


def test_a_mistyped_name_is_an_error_once_the_exercises_are_done():
    with needs("norm"):
        unfinished()
    with needs("norm"):
        pass
    with pytest.raises(NameError), needs("norm"):
        print(lenghts)  # noqa: F821


def test_other_errors_of_a_block_are_errors():
    with pytest.raises(ZeroDivisionError), needs("norm"):
        raise ZeroDivisionError
