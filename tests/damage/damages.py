"""What becomes of notebooks: each damage is a step of a few numbers, so that hypothesis can
shrink a list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.damage.notebooks import Cell, Piece, Work, cells_without, changed

MAGICS = ("%matplotlib inline", "%%time", "!pip install -q torch", "files = !ls *.ipynb", "dir?")
JUNK = ("", "for x in", "print(1", "def oops(:", "'''a note", "np.zeros(3).mean()", "!nvidia-smi")


@dataclass(frozen=True)
class Step:
    """One damage.

    Attributes:
        kind: its name in `KINDS`.
        at: which cell, modulo their number.
        to: where to, or which of several ways.
        way: another choice.
    """

    kind: str
    at: int
    to: int
    way: int


def apply(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    """The work after one damage.

    Args:
        stubs: text of each exercise's cell as it was released.
    """
    return KINDS[step.kind](work, step, stubs) if work else work


def steps(most: int = 5) -> st.SearchStrategy[list[Step]]:
    """Damages in combination."""
    number = st.integers(0, 10_000)
    step = st.builds(Step, st.sampled_from(sorted(KINDS)), number, number, number)
    return st.lists(step, min_size=1, max_size=most)


def _place(work: Work, step: Step) -> int:
    """A cell; most often one with an answer, for little else is at stake."""
    at_stake = [i for i, cell in enumerate(work) if any(_is_answer(p) for p in cell.pieces)]
    places = at_stake if at_stake and step.at % 4 else range(len(work))
    return list(places)[step.at // 4 % len(places)]


def _is_answer(piece: Piece) -> bool:
    return piece.origin.startswith("ex-")


def _is_inside_code(line: str) -> bool:
    """Whether a line that ends here has begun, and is no comment."""
    return bool(line.strip()) and "#" not in line


def _inserted(work: Work, place: int, *cells: Cell) -> Work:
    return (*work[:place], *cells, *work[place:])


def _split(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    place = _place(work, step)
    cell = work[place]
    which = step.to % len(cell.pieces)
    piece = cell.pieces[which]
    text = piece.text
    if step.way % 3 == 0:  # inside a line, where the rest cannot stand by itself
        cuts = [
            i
            for i in range(1, len(text))
            if text[i] == " " and _is_inside_code(text[:i].rpartition("\n")[2])
        ]
    else:
        cuts = [i for i, character in enumerate(text) if character == "\n"]
    if not cuts:
        return work
    cut = cuts[step.to // 7 % len(cuts)]
    before, after = text[:cut].rstrip("\n"), text[cut:].lstrip("\n")
    if not before.strip() or not after.strip():
        return work
    end, start = piece.start + len(before), piece.end - len(after)
    first = (*cell.pieces[:which], replace(piece, end=end, text=before))
    second = (replace(piece, start=start, text=after), *cell.pieces[which + 1 :])
    keeps = step.way // 3 % 3  # the first keeps the ids, the second does, or both have the metadata
    lost = {"id": f"piece-{step.to}", "grade_id": cell.grade_id if keeps == 2 else ""}
    one, two = replace(cell, pieces=first), replace(cell, pieces=second, magics=())
    if keeps == 1:
        one = replace(one, **lost)  # type: ignore[arg-type]
    else:
        two = replace(two, **lost)  # type: ignore[arg-type]
    return (*work[:place], one, two, *work[place + 1 :])


def _merge(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    place = _place(work, step)
    if place + 1 == len(work) or work[place].type != work[place + 1].type:
        place -= 1
    if place < 0 or work[place].type != work[place + 1].type or work[place + 1].magics:
        return work
    one, two = work[place], work[place + 1]
    kept = (one, two)[step.way % 2]
    merged = replace(kept, pieces=one.pieces + two.pieces, magics=one.magics)
    return (*work[:place], merged, *work[place + 2 :])


def _duplicate(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    place = _place(work, step)
    ids = [("id", "grade_id"), ("grade_id",), ()][step.way % 3]
    copy = replace(
        work[place],
        id=work[place].id if "id" in ids else f"copy-{step.to}",
        grade_id=work[place].grade_id if "grade_id" in ids else "",
    )
    where = place + 1 if step.way // 3 % 2 else step.to % (len(work) + 1)
    return _inserted(work, where, copy)


def _delete(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    return cells_without(work, {_place(work, step)})


def _move(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    place = _place(work, step)
    rest = cells_without(work, {place})
    return _inserted(rest, step.to % (len(rest) + 1), work[place])


def _retype(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    return changed(work, _place(work, step), type=("markdown", "raw", "code")[step.way % 3])


def _rename(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    place = _place(work, step)
    other = work[step.to % len(work)]
    if step.way % 2:  # two cells have each other's names
        back = {"id": work[place].id, "grade_id": work[place].grade_id}
        swapped = changed(work, step.to % len(work), **back)
        return changed(swapped, place, id=other.id, grade_id=other.grade_id)
    return changed(work, place, id=f"renamed-{step.to}", grade_id="")


def _new_ids(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    lost = [("id",), ("grade_id",), ("id", "grade_id")][step.way % 3]
    return tuple(
        replace(
            cell,
            id=f"{step.to % 97:02x}{place:06x}" if "id" in lost else cell.id,
            grade_id="" if "grade_id" in lost else cell.grade_id,
        )
        for place, cell in enumerate(work)
    )


def _extra(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    """The answer stands in a cell of the student's own; its cell is as it was released."""
    place = _place(work, step)
    cell = work[place]
    stub = stubs.get(cell.id)
    if stub is None or cell.type != "code":
        return work
    left = replace(cell, pieces=(Piece(f"stub-{cell.id}", 0, len(stub), stub),), magics=())
    mine = replace(cell, id=f"mine-{step.to}", grade_id="", magics=())
    return _inserted(changed(work, place, **vars(left)), step.to % (len(work) + 1), mine)


def _magics(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    place = _place(work, step)
    if work[place].type != "code":
        return work
    line = MAGICS[step.way % len(MAGICS)]
    if line.startswith("%%"):
        magics = (line, *(m for m in work[place].magics if not m.startswith("%%")))
    else:
        magics = (*work[place].magics, line)
    return changed(work, place, magics=magics)


def _junk(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    text = JUNK[step.way % len(JUNK)]
    cell = Cell("code", f"junk-{step.to}", "", (Piece("junk", 0, len(text), text),))
    return _inserted(work, step.to % (len(work) + 1), cell)


def _strip(work: Work, step: Step, stubs: dict[str, str]) -> Work:
    return tuple(replace(cell, grade_id="") for cell in work)


KINDS: dict[str, Callable[[Work, Step, dict[str, str]], Work]] = {
    "split": _split,
    "merged": _merge,
    "duplicated": _duplicate,
    "deleted": _delete,
    "reordered": _move,
    "retyped": _retype,
    "renamed": _rename,
    "ids regenerated": _new_ids,
    "answer in an extra cell": _extra,
    "magics and shell lines": _magics,
    "cells of junk": _junk,
    "metadata stripped": _strip,
}
