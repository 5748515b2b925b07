"""Judges a class on a Dask cluster.

Its nodes are trusted: they get the tests and the secret. They need this kit and the students'
packages, installed in the same versions, and bubblewrap; the course itself travels, and no folder
is shared. Nothing is judged where anything of it is not as it is here.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import io
import json
import platform
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from autograder.course import Assignment, Course
from autograder.judge.grading import Judge
from autograder.judge.inputs import Inputs, common_inputs
from autograder.judge.sandbox import Bubblewrap, Limits, Sandbox, Unsandboxed, find_sandbox
from autograder.judging.bench import Judging
from autograder.judging.judged import Judged, as_bytes, digest_of, failed, verdicts_on
from autograder.submissions.reading import HandedIn

WAITING_FOR_EACH = 2  # submissions for each thread of the cluster that are sent ahead
WANTED = "dask is not installed here: pip install dask distributed"

_busy = threading.Lock()  # a node's process judges one submission at a time, whatever its threads
_here: dict[bytes, tuple[Judge, Path]] = {}  # by order; there is never more than one


@dataclass(frozen=True)
class OnCluster:
    """Judges on a Dask cluster.

    Attributes:
        judge: every node has one like it.
        scheduler: address of the cluster's scheduler, such as tcp://10.0.0.1:8786.
        answer_seconds: how long to wait for its answer.
    """

    judge: Judge
    scheduler: str
    answer_seconds: float = 10

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Judge what students handed in; see `Bench`.

        Raises:
            ValueError: dask is not installed, nothing answers at the address, or the cluster has
                no node.
        """
        assert self.judge.secret is not None
        bundle = _packed(self.judge.course, assignment)
        order = _order(self.judge, assignment, bundle)
        with _client(self.scheduler, self.answer_seconds) as client:
            there = client.scatter(bundle, broadcast=True, hash=False)
            for work, future in _results(client, works, partial(_submit, client, order, there)):
                digest, verdicts = future.result()
                yield work, Judged(self.judge.secret, digest, verdicts)


def _results(
    client: Any, works: Iterable[HandedIn], submit: Callable[[HandedIn], Any]
) -> Iterator[tuple[HandedIn, Any]]:
    """Give each work with its future, as soon as it is done; a few for each thread are ahead."""
    from distributed import as_completed

    waiting = iter(works)
    running = {
        submit(work): work
        for work in islice(waiting, WAITING_FOR_EACH * sum(client.ncores().values()))
    }
    done = as_completed(list(running), loop=client.loop)
    try:
        for future in done:
            yield running.pop(future), future
            for work in islice(waiting, 1):
                fresh = submit(work)
                running[fresh] = work
                done.add(fresh)
    finally:
        client.cancel(list(running))


def _submit(client: Any, order: bytes, bundle: Any, work: HandedIn) -> Any:
    notebook = as_bytes(work.submission.for_judge())
    return client.submit(judge_there, order, bundle, notebook, pure=False)


@contextmanager
def _client(scheduler: str, answer_seconds: float) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(WANTED) from None
    try:
        client = Client(scheduler, timeout=answer_seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no Dask scheduler answers at {scheduler} ({error}): start one with `dask scheduler`, "
            f"and nodes with `dask worker {scheduler} --nthreads 1 --nworkers CORES`"
        ) from error
    try:
        if not client.ncores():
            raise ValueError(
                f"the cluster at {scheduler} has no node: start some with "
                f"`dask worker {scheduler} --nthreads 1 --nworkers CORES`"
            )
        yield client
    finally:
        client.close(timeout=answer_seconds)


# what travels -------------------------------------------------------------------------------------


def _packed(course: Course, assignment: Assignment) -> bytes:
    """The course's files that judging needs: a zip, the same for the same files."""
    parts = [course.library, course.data]
    files = {path for part in parts for path in part.rglob("*") if path.is_file()}
    files |= {path for each in course.assignments() for path in course.test_modules(each)}
    files |= set(course.test_helpers())
    files |= {course.root / "pyproject.toml", assignment.ipynb}
    files |= {each.source for each in course.assignments()}
    kept = (exercise.reference_artifact for exercise in course.exercises_of(assignment))
    files |= {path for path in kept if path is not None}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            if "__pycache__" not in path.parts and path.is_file():
                name = path.relative_to(course.root).as_posix()
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return packed.getvalue()


def _order(judge: Judge, assignment: Assignment, bundle: bytes) -> bytes:
    """What a node is to judge with, as JSON."""
    assert judge.secret is not None
    return json.dumps(
        {
            "assignment": assignment.name,
            "bundle": hashlib.sha256(bundle).hexdigest(),
            "inputs": asdict(common_inputs(judge.course, assignment, judge.secret)),
            "secret": base64.b64encode(judge.secret).decode(),
            "contained": judge.sandbox.contained,
            "limits": asdict(judge.sandbox.limits),
        },
        sort_keys=True,
    ).encode()


# on a node ----------------------------------------------------------------------------------------


def judge_there(order: bytes, bundle: bytes, notebook: bytes) -> tuple[str, bytes]:
    """Judge one submission on a node: the notebook's digest, verdicts as JSON.

    Args:
        order: with what, see `_order`.
        bundle: the course's files.
        notebook: JSON of the submission.
    """
    with _busy:
        try:
            verdicts = verdicts_on(
                _judge_of(order, bundle), json.loads(order)["assignment"], notebook
            )
        except Exception as error:
            verdicts = failed(f"on {platform.node()}, {type(error).__name__}: {error}")
    return digest_of(notebook), verdicts


def _judge_of(order: bytes, bundle: bytes) -> Judge:
    """This process's judge for an order; one for an earlier order ends."""
    if order in _here:
        return _here[order][0]
    _forget()
    torch.set_num_threads(1)
    said = json.loads(order)
    sandbox = _sandbox(contained=said["contained"], limits=Limits(**said["limits"]))
    folder = Path(tempfile.mkdtemp(prefix="course-"))
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        archive.extractall(folder)
    course = Course.find(folder)
    secret = base64.b64decode(said["secret"])
    judge = Judge(course, sandbox, secret)
    here = common_inputs(course, course.assignment(said["assignment"]), secret)
    if differences := here.changed_since(Inputs(**said["inputs"])):
        shutil.rmtree(folder, ignore_errors=True)
        raise ValueError(f"this node is not like the grader: {', '.join(differences)}")
    _here[order] = judge, folder
    return judge


@atexit.register
def _forget() -> None:
    for judge, folder in _here.values():
        judge.close()
        shutil.rmtree(folder, ignore_errors=True)
    _here.clear()


def _sandbox(*, contained: bool, limits: Limits) -> Sandbox:
    """The node's own sandbox; without one nothing is judged, unless that was asked for."""
    if not contained:
        return Unsandboxed(limits)
    find_sandbox()
    return Bubblewrap(limits)
