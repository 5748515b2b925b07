"""Judges a class on a Dask cluster, through joblib.

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
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config
from nbformat import NotebookNode

from autograder.course import Assignment, Course
from autograder.course.variants import variant_files
from autograder.gradebook.done import inputs_of_all
from autograder.gradebook.judging import Judged, as_bytes, digest_of, failed, verdicts_on
from autograder.judge.grading import Judge
from autograder.judge.inputs import Inputs
from autograder.judge.sandbox import Bubblewrap, Limits, Sandbox, Unsandboxed, find_sandbox

ANSWER_SECONDS = 10
WAITING_FOR_EACH = 2  # submissions for each thread of the cluster that are sent ahead
BACKEND = "dask"
WANTED = "dask is not installed here: pip install dask distributed"

_busy = threading.Lock()  # a node's process judges one submission at a time, whatever its threads
_here: dict[bytes, tuple[Judge, Path]] = {}  # by order; there is never more than one


def judge_on_cluster(
    judge: Judge,
    assignment: Assignment,
    submissions: Iterable[tuple[str, NotebookNode]],
    *,
    scheduler: str,
) -> Generator[tuple[str, Judged], None, None]:
    """Judge submissions on a cluster; give each as soon as it is done.

    Args:
        judge: what every node has its own like.
        assignment: what the notebooks answer.
        submissions: student and notebook; read only as fast as they are judged.
        scheduler: address of the cluster's scheduler, such as tcp://10.0.0.1:8786.

    Raises:
        ValueError: dask is not installed, nothing answers at the address, or the cluster has no
            node.
    """
    assert judge.secret is not None
    bundle = _packed(judge.course, assignment)
    order = _order(judge, assignment, bundle)
    with _client(scheduler) as client:
        tasks = (
            delayed(judge_there)(order, bundle, student, as_bytes(notebook))
            for student, notebook in submissions
        )
        threads = sum(client.ncores().values())
        with parallel_config(BACKEND, client=client, scatter=[bundle]):
            parallel = Parallel(
                n_jobs=threads,
                return_as="generator_unordered",
                batch_size=1,
                pre_dispatch=WAITING_FOR_EACH * threads,
            )
            with closing(parallel(tasks)) as results:
                for student, digest, verdicts in results:
                    yield student, Judged(judge.secret, digest, verdicts)


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(WANTED) from None
    try:
        client = Client(scheduler, timeout=ANSWER_SECONDS, set_as_default=False)
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
        client.close(timeout=ANSWER_SECONDS)


# what travels -------------------------------------------------------------------------------------


def _packed(course: Course, assignment: Assignment) -> bytes:
    """The course's files that judging needs: a zip, the same for the same files."""
    parts = [course.library, course.tests, course.data]
    files = {path for part in parts for path in part.rglob("*") if path.is_file()}
    files -= {path for exercise in course.exercises() for path in variant_files(exercise)}
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
            "inputs": asdict(inputs_of_all(judge.course, assignment, judge)),
            "secret": base64.b64encode(judge.secret).decode(),
            "contained": judge.sandbox.contained,
            "limits": asdict(judge.sandbox.limits),
        },
        sort_keys=True,
    ).encode()


# on a node ----------------------------------------------------------------------------------------


def judge_there(
    order: bytes, bundle: bytes, student: str, notebook: bytes
) -> tuple[str, str, bytes]:
    """Judge one submission on a node: the student, the notebook's digest, verdicts as JSON.

    Args:
        order: with what, see `_order`.
        bundle: the course's files.
        student: id.
        notebook: JSON of the submission.
    """
    with _busy:
        try:
            verdicts = verdicts_on(
                _judge_of(order, bundle), json.loads(order)["assignment"], notebook
            )
        except Exception as error:
            verdicts = failed(f"on {platform.node()}, {type(error).__name__}: {error}")
    return student, digest_of(notebook), verdicts


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
    judge = Judge(course, sandbox, base64.b64decode(said["secret"]))
    here = inputs_of_all(course, course.assignment(said["assignment"]), judge)
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
