"""A text source is read cell by cell; what it cannot mean is an error."""

import pytest

from autograder.authoring.source import Kind, SourceCell, read_source


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / "01_topic.py"
        path.write_text(text, encoding="utf-8")
        return read_source(path)

    return read_text


def test_every_kind_of_cell_is_told_from_its_keys(read):
    cells = read(
        """# %% [markdown]
# # Topic
# %% name="setup"
import math
# %% exercise="norm"
# %% name="picture" needs="norm, dot"
show()
# %% [markdown] question="why" points=12.5
# Why?
# %% [markdown] model_answer="why"
# Because.
# %% [markdown] rubric="why"
# All or nothing.
"""
    )
    assert cells == [
        SourceCell(Kind.PROSE, "# Topic"),
        SourceCell(Kind.CODE, "import math", "setup"),
        SourceCell(Kind.EXERCISE, "", "norm"),
        SourceCell(Kind.CODE, "show()", "picture", ("norm", "dot")),
        SourceCell(Kind.QUESTION, "Why?", "why", (), 12.5),
        SourceCell(Kind.MODEL_ANSWER, "Because.", "why"),
        SourceCell(Kind.RUBRIC, "All or nothing.", "why"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('# %% excercise="norm"\n', "cell 1: excercise means nothing"),
        ('# %% name="a" points=3\nx = 1\n', "points means nothing"),
        ('# %% [markdown] name="a" needs="norm"\n# Text\n', "needs means nothing"),
        ('# %% exercise="norm"\nx = 1\n', "an exercise cell stays empty"),
        ('# %% [markdown] question="q"\n# Why?\n', "a question has points=NUMBER"),
        ('# %% [markdown] question="q" points=0\n# Why?\n', "more than 0"),
        ("# %% exercise=3\n", "exercise should be a name in quotes"),
        ("# %% [raw]\n# text\n", "a raw cell"),
    ],
)
def test_a_cell_that_means_nothing_is_an_error(read, text, problem):
    with pytest.raises(ValueError, match=problem):
        read(text)
