"""Judges a class on a Dask cluster.

The nodes of the cluster are trusted: they get the tests and the secret. A node needs this kit and
the students' packages, installed in the same versions, and bubblewrap. The course itself is sent to
the nodes, and no folder is shared. A node that differs in any of this from this machine judges
nothing.
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
from autograder.judging.judged import Judged, as_bytes, failed, notebook_digest, verdicts_on
from autograder.submissions.reading import HandedIn

WAITING_FOR_EACH = 2  # submissions that are sent ahead for each thread of the cluster
WANTED = "dask is not installed here: pip install dask distributed"

_busy = threading.Lock()  # a process of a node judges one submission at a time in all its threads
_here: dict[bytes, tuple[Judge, Path]] = {}  # the judge and its folder by order; at most one entry


@dataclass(frozen=True)
class OnCluster:
    """A bench that judges on a Dask cluster.

    Attributes:
        judge: the judge of this process; every node has a judge like it.
        scheduler: address of the cluster's scheduler, such as tcp://10.0.0.1:8786.
        answer_seconds: seconds to wait for an answer of the scheduler.
    """

    judge: Judge
    scheduler: str
    answer_seconds: float = 10

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Give the work of each student with what the judge found in it; see `Bench`.

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
    """Give the work of each student with its future, as soon as the future is done.

    For each thread of the cluster a few submissions are sent ahead.
    """
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
    """Return a zip of the course's files that judging needs; equal files give equal bytes."""
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
    """Return an order, which tells a node as JSON what to judge with."""
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
    """Judge one submission on a node.

    Args:
        order: what to judge with; see `_order`.
        bundle: a zip of the course's files.
        notebook: the submission as JSON.

    Returns:
        A digest of the notebook, and the verdicts as JSON.
    """
    with _busy:
        try:
            verdicts = verdicts_on(
                _judge_of(order, bundle), json.loads(order)["assignment"], notebook
            )
        except Exception as error:
            verdicts = failed(f"on {platform.node()}, {type(error).__name__}: {error}")
    return notebook_digest(notebook), verdicts


def _judge_of(order: bytes, bundle: bytes) -> Judge:
    """Return the judge of this process for an order, and close the judge of an earlier order."""
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
    """Return the sandbox of this node.

    Args:
        contained: whether the order asks for a sandbox; without one the node then cannot judge.
        limits: limits of a submission.
    """
    if not contained:
        return Unsandboxed(limits)
    find_sandbox()
    return Bubblewrap(limits)
