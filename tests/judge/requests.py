"""What the tests of an exercise ask of the reference: whether drawn inputs are what they were.

An input of a hidden test is drawn with a generator that the secret and the test's name seed. Tests
that move, or draw in another order, would give every student other inputs at the next regrade.

    python -m tests.judge.requests      writes requests.json anew, after a change on purpose
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograder.course import Course, CourseExercise
from autograder.judge.connection import probes_folder
from autograder.judge.fixtures import reference
from autograder.testing.codec import Decoder, Handle, Name
from autograder.testing.session import Trial, generator_for, run_trials
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import SEED, Server, seed_everything

KEPT = Path(__file__).with_name("requests.json")
SECRET = b"the secret of the recorded requests"
DIGITS = 10  # of a digest, enough to see a change


class Asked:
    """What one test asked.

    Attributes:
        digest: of verbs, shapes, dtypes, texts, integers and bools, and of what seeds its draws.
        size: sum of the floating numbers' magnitudes, and of pictures': their last digits
            differ between machines.
    """

    def __init__(self, label: str) -> None:
        first = torch.randint(1 << 40, (4,), generator=generator_for(SECRET, label))
        self._hash = hashlib.sha256(str(first.tolist()).encode())
        self.size = 0.0

    @property
    def digest(self) -> str:
        """The digest of everything added so far."""
        return self._hash.hexdigest()[:DIGITS]

    def add(self, request: Mapping[str, Any], payload: bytes) -> None:
        """Add a request, as it goes over a connection."""
        decoder = Decoder(payload)
        args = [decoder.decode(tree) for tree in request["args"]]
        kwargs = {key: decoder.decode(tree) for key, tree in sorted(request["kwargs"].items())}
        for part in _parts((request["verb"], args, kwargs)):
            if isinstance(part, float):
                self.size += abs(part) if math.isfinite(part) else 0.0
            else:
                self._hash.update(f"{part};".encode())


def _parts(value: Any) -> Iterator[str | float]:
    """Pieces of plain data: floating numbers as such, all else as text."""
    if isinstance(value, torch.Tensor):
        yield f"{value.dtype} {tuple(value.shape)} {value.requires_grad}"
        rounded = value.is_floating_point() or value.ndim == 4  # pictures are rounded numbers
        yield from _parts_of_numbers(value.detach().float().numpy(), rounded)
    elif isinstance(value, np.ndarray | np.generic):
        yield f"{value.dtype} {value.shape}"
        yield from _parts_of_numbers(np.asarray(value), np.issubdtype(value.dtype, np.floating))
    elif isinstance(value, list | tuple):
        yield f"{type(value).__name__} {len(value)}"
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        yield f"dict {len(value)}"
        for key in sorted(value, key=repr):  # safetensors' own order is another in each process
            yield from _parts(key)
            yield from _parts(value[key])
    elif isinstance(value, set):
        yield f"set {sorted(value)}"
    elif isinstance(value, float):
        yield value
    elif isinstance(value, Handle | Name):
        yield type(value).__name__
    else:
        yield repr(value)


def _parts_of_numbers(numbers: np.ndarray, rounded: bool) -> Iterator[str | float]:
    if rounded:
        yield float(np.abs(numbers[np.isfinite(numbers)]).sum(dtype=np.float64))
    else:
        yield hashlib.sha256(numbers.tobytes()).hexdigest()


def asked_of(course: Course, exercise: CourseExercise) -> dict[str, Asked]:
    """What the tests of an exercise ask of its reference, by test."""
    found: dict[str, Asked] = {}
    running: list[Asked] = []

    class Listening(InProcess):
        """A connection that adds what goes over it to the running test's."""

        def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
            running[-1].add(request, payload)
            return super().exchange(request, payload)

    def begin(test: str) -> None:
        running.append(found.setdefault(test, Asked(f"{exercise.id}.{test}")))

    answer = reference(exercise)

    def submission() -> Submission:
        seed_everything(SEED)
        probes, library = probes_folder(course.tests), course.library_name
        server = Server(lambda: answer, probes=probes, library=library)
        source = inspect.getsource(answer)
        return Submission(Listening(server), source, exercise.read_reference_artifact())

    trials = {exercise.id: Trial(submission, begin)}
    run_trials(trials, exercise.test_modules(), root=course.root, secret=SECRET)
    return found


def main() -> None:
    """Write what is asked now."""
    course = Course.find(Path(__file__))
    kept = {
        exercise.id: {
            test: [each.digest, float(f"{each.size:.5g}")] for test, each in asked.items()
        }
        for exercise in course.exercises()
        for asked in [asked_of(course, exercise)]
    }
    lines = [
        f' "{id}": {{\n'
        + ",\n".join(f'  "{t}": {json.dumps(v)}' for t, v in tests.items())
        + "\n }"
        for id, tests in kept.items()
    ]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
