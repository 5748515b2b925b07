"""What a cell needs because of what it uses."""

from autograder.authoring.needs import with_inherited_needs
from autograder.authoring.source import Kind, SourceCell


def code(text: str, *needs: str) -> SourceCell:
    return SourceCell(Kind.CODE, text, needs=needs)


def needs_of(*cells: SourceCell) -> list[tuple[str, ...]]:
    return [cell.needs for cell in with_inherited_needs(cells)]


def test_a_cell_needs_what_the_cells_need_that_define_its_names():
    cells = (
        code("net = train()", "step"),
        code("rows = embed(net)", "embed"),
        code("show(rows)", "k"),
    )
    assert needs_of(*cells) == [("step",), ("step", "embed"), ("step", "embed", "k")]


def test_names_used_inside_functions_count():
    cells = code("net = train()", "step"), code("def f():\n    return net", "embed")
    assert needs_of(*cells)[1] == ("step", "embed")


def test_the_last_definition_counts():
    cells = code("net = train()", "step"), code("net = None"), code("show(net)", "embed")
    assert needs_of(*cells)[2] == ("embed",)


def test_a_cell_that_needs_nothing_inherits_nothing():
    """So that it is refused when it uses what may not be there."""
    assert needs_of(code("net = train()", "step"), code("show(net)"))[1] == ()


def test_prose_and_broken_code_stay_as_they_are():
    cells = [SourceCell(Kind.PROSE, "net"), code("net = (", "step"), code("show(net)", "embed")]
    assert with_inherited_needs(cells) == cells
