"""A release that gives something away, or does not work, does not pass."""

import base64
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.releasing.release import release
from autograder.releasing.verify import verify_release
from autograder.student.workspace import read_release, write_zip

SOLUTION = (
    "    products = [first * second for first, second in zip(x, y, strict=True)]\n"
    "    return math.fsum(products) + EMPTY_SUM\n"
)
EXPRESSION = "[first * second for first, second in zip(x, y, strict=True)]"
HIDDEN = 'expect_equal(submission.call([7.0, 0.0], [0.0, 11.0]), 0.0, what="the inner product")'
FOR_HIDDEN = "[(element - 3.25) ** 2 + 1.5 for element in x if element > 0.75]"


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_release_as_it_is_made_is_clean(released, which):
    report = verify_release(released.course, getattr(released, which))
    assert report.clean, str(report)
    assert report.stubs == ("dot", "norm", "running_mean")
    assert report.references == (("dot", "norm") if which == "first" else ("running_mean",))
    assert report.summary.startswith("clean: ")


def notebook_with(files, change):
    notebook = json.loads(files["01_vectors.ipynb"])
    change(notebook, {cell["id"]: cell for cell in notebook["cells"]})
    files["01_vectors.ipynb"] = json.dumps(notebook).encode()


def in_output(notebook, cells):
    cells["check-dot"]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": SOLUTION.splitlines(keepends=True)}
    ]


def in_cell_metadata(notebook, cells):
    cells["ex-norm"]["metadata"]["notes"] = SOLUTION


def in_notebook_metadata(notebook, cells):
    notebook["metadata"]["widgets"] = {"state": [SOLUTION]}


def in_attachment(notebook, cells):
    text = base64.b64encode(SOLUTION.encode()).decode()
    cells["about-dot"]["attachments"] = {"a.txt": {"text/plain": text}}


def in_prose(notebook, cells):
    cells["about-dot"]["source"] = f"Remember:\n\n```python\n{SOLUTION}```"


def in_answer(notebook, cells):
    source = "".join(cells["ex-dot"]["source"])
    cells["ex-dot"]["source"] = source.replace("    raise NotDoneYet", SOLUTION)


def model_answer(notebook, cells):
    cells["answer-orthogonal"]["source"] = (
        "When they stand at a right angle, or when one of them is the zero vector."
    )


def hidden_test(notebook, cells):
    cells["check-dot"]["source"] = HIDDEN


def leaving(notebook, cells):
    cells["picture-norm"]["source"] = 'open("../data/numbers.txt")'


PLANTED_IN_NOTEBOOKS = {
    "a path out of the workspace": (leaving, "path", "cell picture-norm leaves the workspace"),
    "output": (in_output, "output", "cell check-dot has outputs"),
    "the text of an output": (in_output, "leak", "the solution of dot"),
    "cell metadata": (in_cell_metadata, "metadata", "cell ex-norm has metadata notes"),
    "the text of cell metadata": (in_cell_metadata, "leak", "the solution of dot"),
    "notebook metadata": (in_notebook_metadata, "metadata", "widgets"),
    "the text of notebook metadata": (in_notebook_metadata, "leak", "the solution of dot"),
    "attachment": (in_attachment, "metadata", "has attachments"),
    "the text of an attachment": (in_attachment, "leak", "the solution of dot"),
    "prose": (in_prose, "leak", "the solution of dot"),
    "answer": (in_answer, "leak", "the solution of dot"),
    "model answer": (model_answer, "leak", "the model answer of question orthogonal"),
    "hidden test": (hidden_test, "leak", "01_vectors/dot/hidden.py"),
}

PLANTED_IN_FILES = {
    "a comment": ("tiny_lib/checks.py", "# " + SOLUTION.replace("\n", "\n# "), "solution of dot"),
    "a docstring": ("tiny_data/numbers.py", f'"""\n{SOLUTION}"""\n', "solution of dot"),
    "a string": ("tiny_lib/__init__.py", f"HINT = {SOLUTION!r}\n", "solution of dot"),
    "base64": (
        "autograder/testing/errors.py",
        f"DATA = '{base64.b64encode(zlib.compress(SOLUTION.encode())).decode()}'\n",
        "solution of dot",
    ),
    "one expression": ("README.md", f"Try `{EXPRESSION}`.\n", "solution of dot"),
    "requirements": ("requirements.txt", f"# {EXPRESSION}\n", "solution of dot"),
    "a public test": (
        "tiny_tests/01_vectors/dot/public.py",
        f"\n\nX = lambda: {HIDDEN}\n",
        "hidden.py",
    ),
    "a class's solution": (
        "tiny_lib/streams.py",
        "\n\ndef f(self, value):\n    self.count += 1\n"
        "    self.mean += (value - self.mean) / self.count\n",
        "solution of running_mean",
    ),
    "what hidden tests share": ("README.md", f"Try {FOR_HIDDEN}.\n", "shared/hidden_vectors.py"),
    "the author's folder": ("README.md", "See ROOT/notes.txt\n", "author's machine"),
    "a home folder": ("tiny_lib/checks.py", "# /home/ada/course/notes.txt\n", "/home/ada"),
    "a Windows home folder": ("README.md", "C:\\Users\\ada\\notes\n", "Users"),
}

EIGHT = """\
[eight]
what = "Says 8."
diagnosis = "adds instead of multiplying"
of = "seven"
change = [["return 7", "return 8"]]
"""

STRAY_FILES = {
    "a hidden test": "tiny_tests/01_vectors/dot/hidden.py",
    "a later test": "tiny_tests/02_streams/running_mean/public.py",
    "what hidden tests share": "tiny_tests/shared/hidden_vectors.py",
    "the judge": "autograder/judge/__init__.py",
    "bytecode": "tiny_lib/__pycache__/vectors.cpython-311.pyc",
    "the gradebook": "gradebook.db",
    "a wrong answer": "tiny_tests/01_vectors/dot/wrong.toml",
    "a right answer": "tiny_tests/01_vectors/dot/right/seven.py",
}


@pytest.fixture(scope="module")
def course(released, tmp_path_factory):
    """The released course, with a right answer and a wrong one."""
    folder = tmp_path_factory.mktemp("planted") / "course"
    course = Course.find(shutil.copytree(released.course.root, folder))
    folder = course.exercise("dot").folder
    right = folder / "right" / "seven.py"
    right.parent.mkdir(parents=True)
    right.write_text("def dot(x, y):\n    return 7\n", encoding="utf-8")
    (folder / "wrong.toml").write_text(EIGHT, encoding="utf-8")
    shared = course.tests / "shared" / "hidden_vectors.py"
    shared.parent.mkdir()
    shared.write_text(f"def far(x):\n    return {FOR_HIDDEN}\n", encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def verify(released, course, tmp_path_factory):
    """Verifies a release of 01 after a change of its files."""

    def changed(change, **options):
        files = read_release(released.first)
        change(files)
        archive = tmp_path_factory.mktemp("zip") / released.first.name
        write_zip(archive, {f"tiny-1.0/{name}": content for name, content in files.items()})
        return verify_release(course, archive, **options)

    return changed


@pytest.mark.parametrize("where", PLANTED_IN_NOTEBOOKS)
def test_what_is_planted_in_a_notebook_is_found(verify, where):
    change, kind, words = PLANTED_IN_NOTEBOOKS[where]
    problems = verify(lambda files: notebook_with(files, change), try_out=False).problems
    assert any(p.kind == kind and words in p.detail for p in problems), problems
    assert {p.file for p in problems} == {"01_vectors.ipynb", "manifest.json"}


@pytest.mark.parametrize("where", PLANTED_IN_FILES)
def test_what_is_planted_in_a_file_is_found(verify, course, where):
    name, planted, words = PLANTED_IN_FILES[where]
    text = planted.replace("ROOT", str(course.root))

    def plant(files):
        files[name] = files[name] + text.encode()

    problems = verify(plant, try_out=False).problems
    assert any(p.kind in ("leak", "path") and words in p.detail for p in problems), problems


@pytest.mark.parametrize("what", STRAY_FILES)
def test_a_file_that_does_not_belong_is_found(verify, course, what):
    name = STRAY_FILES[what]
    path = course.root / name
    content = path.read_bytes() if path.is_file() else b"\x00\x01"
    report = verify(lambda files: files.update({name: content}), try_out=False)
    assert f"file: {name}: does not belong in this release" in str(report)


@pytest.mark.parametrize(
    "name",
    [
        "tiny_tests/01_vectors/dot/hidden.py",
        "tiny_tests/shared/hidden_vectors.py",
        "notebooks/01_vectors.py",
        "tiny_tests/01_vectors/dot/right/seven.py",
        "tiny_tests/01_vectors/dot/wrong.toml",
    ],
)
def test_a_hidden_file_under_another_name_is_known_by_its_hash(verify, course, name):
    content = (course.root / name).read_bytes()
    report = verify(lambda files: files.update({"notes.txt": content}), try_out=False)
    assert "leak: notes.txt: is a file that students do not get" in str(report)


def test_a_wrong_answer_is_known_by_the_hash_of_its_text(verify, course):
    (wrong,) = course.exercise("dot").wrong_answers()
    assert wrong.source == "def dot(x, y):\n    return 8\n"
    report = verify(lambda files: files.update({"a.py": wrong.source.encode()}), try_out=False)
    assert "leak: a.py: is a file that students do not get" in str(report)


def test_a_binary_is_known_by_its_hash(verify, course):
    def of(content):
        report = verify(lambda f: f.update({"tiny_data/table.bin": content}), try_out=False)
        return [p for p in report.problems if p.file == "tiny_data/table.bin"]

    table = course.data / "table.bin"
    table.write_bytes(b"\xff\xfe" + bytes(range(256)))
    try:
        assert of(table.read_bytes()) == []
        assert {p.detail for p in of(table.read_bytes() + b"\x00")} == {
            "is not the course's: make the release again",
            "is binary and not a file of the course",
        }
    finally:
        table.unlink()


def test_a_manifest_that_reveals_or_tells_of_what_is_still_asked_for_is_found(verify):
    def change(files):
        manifest = json.loads(files["manifest.json"])
        manifest["revealed"] = ["01_vectors"]
        manifest["setup"]["02_streams"] = "import math"
        files["manifest.json"] = json.dumps(manifest).encode()

    text = str(verify(change, try_out=False))
    assert "leak: manifest.json: reveals 01_vectors, which is still asked for" in text
    assert "leak: manifest.json: tells of 02_streams, a later assignment" in text


def test_what_a_zip_says_beside_its_files_is_found(released, course, tmp_path):
    archive = Path(shutil.copy(released.first, tmp_path))
    with zipfile.ZipFile(archive, "a") as opened:
        opened.comment = SOLUTION.encode()
    assert "the zip has a comment" in str(verify_release(course, archive, try_out=False))


def test_a_missing_file_is_found(verify):
    text = str(verify(lambda files: files.pop("01_vectors.ipynb"), try_out=False))
    assert "01_vectors.ipynb: is missing" in text
    assert "does not list the files that are here" in text


def test_stubs_that_are_answers_and_references_that_fail_are_found_by_trying(verify, course):
    def change(files):
        reference = (course.library / "vectors.py").read_bytes()
        files["tiny_lib/vectors.py"] = reference
        notebook_with(files, in_answer)
        tests = files["tiny_tests/01_vectors/norm/public.py"]
        files["tiny_tests/01_vectors/norm/public.py"] = tests.replace(b"5.0, what", b"6.0, what")

    text = str(verify(change))
    assert "stub: dot has an answer in tiny_lib.vectors" in text
    assert "stub: dot is untouched in the notebook, but its check does not say that" in text
    assert "reference: norm does not pass test_triangle: norm([3, 4]) should be 6.0" in text


def test_a_release_that_does_not_run_is_found(verify):
    broken = {"autograder/__init__.py": b"raise ImportError('broken')"}
    report = verify(lambda files: files.update(broken))
    assert "the release does not run: ImportError: broken" in str(report)


def test_what_was_revealed_is_no_leak_and_is_said(course, tmp_path):
    archive = release(course, "02", reveal=["01"], out=tmp_path)
    report = verify_release(course, archive)
    assert report.clean, str(report)
    assert report.stubs == ("running_mean",)
    assert "revealed on purpose: 01_vectors" in str(report)


def test_the_folder_can_be_verified_as_well(released):
    report = verify_release(released.course, released.first.with_suffix(""), try_out=False)
    assert report.clean, str(report)


@pytest.mark.parametrize("what", ["requirements.txt", "notebooks"])
def test_what_is_no_release_is_refused(released, what):
    with pytest.raises(ValueError, match=r"cannot be opened|is no release of Tiny"):
        verify_release(released.course, released.course.root / what)
