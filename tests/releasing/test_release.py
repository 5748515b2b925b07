"""A release holds what students need, in an order that never costs them their work."""

import ast
import json
import shutil
import sqlite3
import zipfile
from pathlib import PurePosixPath

import nbformat
import pytest

from autograder.authoring.notebook import build_notebooks
from autograder.course import Course
from autograder.releasing.release import CARRIED, KIT, release
from autograder.student.manifest import read_manifest
from autograder.student.workspace import read_release, update


@pytest.fixture
def course(released, tmp_path):
    """A copy of the released course, free to be changed."""
    return Course.find(shutil.copytree(released.course.root, tmp_path / "course"))


def unpack(archive, folder):
    """Unpack as a student does, over what is there; the workspace."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
        return folder / opened.namelist()[0].partition("/")[0]


def cells_of(content):
    notebook = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(notebook)
    return {cell["id"]: cell for cell in notebook.cells}


def test_the_zip_is_named_by_course_assignment_and_version_and_its_folder_by_version(released):
    assert released.first.name == "tiny-01_vectors-1.0.zip"
    with zipfile.ZipFile(released.first) as opened:
        assert {PurePosixPath(name).parts[0] for name in opened.namelist()} == {"tiny-1.0"}


def test_a_release_holds_its_parts_and_nothing_else(released):
    files = read_release(released.first)
    kit = {
        f"autograder/{room}/{path.name}" for room in CARRIED for path in (KIT / room).glob("*.py")
    }
    assert set(files) == kit | {
        "01_vectors.ipynb",
        "README.md",
        "autograder/__init__.py",
        "manifest.json",
        "requirements.txt",
        "tiny_data/__init__.py",
        "tiny_data/numbers.py",
        "tiny_lib/__init__.py",
        "tiny_lib/checks.py",
        "tiny_lib/streams.py",
        "tiny_lib/vectors.py",
        "tiny_tests/01_vectors/dot/public.py",
        "tiny_tests/01_vectors/norm/public.py",
        "tiny_tests/__init__.py",
    }


def test_folder_and_zip_hold_the_same_files(released):
    folder = released.first.with_suffix("")
    on_disk = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert on_disk == read_release(released.first)


def test_the_notebook_has_stubs_in_place_of_solutions(released):
    cells = cells_of(read_release(released.first)["01_vectors.ipynb"])
    assert cells["ex-dot"].source.endswith('be finite")\n    raise NotDoneYet')
    assert cells["answer-orthogonal"].source == "YOUR ANSWER HERE"
    assert cells["check-dot"].metadata["nbgrader"]["points"] == 40
    assert all(not cell.get("outputs") for cell in cells.values())


def test_solutions_between_methods_leave_a_class_that_can_be_defined(course, replace_in):
    replace_in(
        course.library / "streams.py",
        "    def update_norm(",
        "    ### BEGIN SOLUTION\n    def _helper(self):\n        return 1\n\n"
        "    ### END SOLUTION\n    def update_norm(",
    )
    build_notebooks(course)
    files = read_release(release(course, "02", replace=True))
    source = cells_of(files["02_streams.ipynb"])["ex-running_mean"].source
    assert "# methods of your own, if you want any" in source
    assert "_helper" not in source
    exec("def norm(x): ...\n" + source, {})
    assert b"_helper" not in files["tiny_lib/streams.py"]


def test_the_gradebook_knows_a_released_assignment(released):
    with sqlite3.connect(released.course.root / "gradebook.db") as database:
        names = [name for (name,) in database.execute("SELECT name FROM assignment")]
        cells = [name for (name,) in database.execute("SELECT name FROM base_cell")]
        versions = database.execute("SELECT count(*) FROM alembic_version").fetchone()
    assert sorted(names) == ["01_vectors", "02_streams"]
    assert {"ex-dot", "check-dot", "answer-orthogonal"} <= set(cells)
    assert versions == (1,)


def times_in(archive):
    with zipfile.ZipFile(archive) as opened:
        return {info.date_time for info in opened.infolist()}


def test_files_of_different_releases_differ_in_time_so_that_no_old_bytecode_is_run(released):
    first, second = times_in(released.first), times_in(released.second)
    assert len(first) == len(second) == 1
    assert first != second


def test_a_release_of_the_same_state_has_the_same_bytes(course, released, tmp_path):
    again = release(course, "01", out=tmp_path / "elsewhere")
    assert again.read_bytes() == released.first.read_bytes()


def test_the_manifest_tells_of_this_and_earlier_assignments(released, tmp_path):
    manifest = read_manifest(unpack(released.second, tmp_path) / "manifest.json")
    assert (manifest.course, manifest.assignment, manifest.version) == ("Tiny", "02_streams", "1.0")
    assert list(manifest.exercises) == ["dot", "norm", "running_mean"]
    first = json.loads(read_release(released.first)["manifest.json"])
    assert [exercise["id"] for exercise in first["exercises"]] == ["dot", "norm"]
    assert list(first["setup"]) == ["01_vectors"]
    assert set(first["files"]) == set(read_release(released.first)) - {"manifest.json"}


def test_the_public_tests_of_earlier_assignments_come_along_and_their_notebooks_do_not(released):
    files = read_release(released.second)
    assert "tiny_tests/01_vectors/dot/public.py" in files
    assert [name for name in files if name.endswith(".ipynb")] == ["02_streams.ipynb"]


def test_probes_and_helpers_come_along_when_a_public_test_uses_them(course, replace_in):
    probes = course.tests / "probes"
    probes.mkdir()
    for name in ("pass_over", "hidden_only"):
        (probes / f"{name}.py").write_text("def probe(answer):\n    return 1\n", encoding="utf-8")
    (course.tests / "oracle.py").write_text("TABLE = (1, 2)\n", encoding="utf-8")
    replace_in(
        course.tests / "01_vectors" / "dot" / "public.py",
        "SUM_ONLY =",
        'from tiny_tests.oracle import TABLE\n\nNAMES = ("pass_over", TABLE)\nSUM_ONLY =',
    )
    files = read_release(release(Course.find(course.root), "01", replace=True))
    assert "tiny_tests/probes/pass_over.py" in files
    assert "tiny_tests/probes/hidden_only.py" not in files
    assert "tiny_tests/oracle.py" in files


def test_a_public_test_that_imports_what_is_for_hidden_ones_stops_the_release(course, replace_in):
    shared = course.tests / "shared" / "hidden_vectors.py"
    shared.parent.mkdir(exist_ok=True)
    shared.write_text("RIGHT = 7\n", encoding="utf-8")
    replace_in(
        course.tests / "01_vectors" / "dot" / "public.py",
        "SUM_ONLY =",
        "if False:\n    from tiny_tests.shared import hidden_vectors\nSUM_ONLY =",
    )
    with pytest.raises(ValueError, match=r"imports tiny_tests/shared/hidden_vectors\.py"):
        release(Course.find(course.root), "01", replace=True)


def test_reveal_gives_the_reference_of_earlier_assignments(course):
    files = read_release(release(course, "02", reveal=["01"], replace=True))
    assert b"products = [" in files["tiny_lib/vectors.py"]
    assert b"self.count += 1" not in files["tiny_lib/streams.py"]
    assert json.loads(files["manifest.json"])["revealed"] == ["01_vectors"]


@pytest.mark.parametrize("name", ["01", "02"])
def test_only_earlier_assignments_can_be_revealed(course, name):
    with pytest.raises(ValueError, match="give away answers that are still asked for"):
        release(course, "01", reveal=[name])


def test_a_stale_notebook_is_not_released(course, replace_in):
    replace_in(course.assignment("01").source, "Two small functions", "Two functions")
    with pytest.raises(ValueError, match=r"01_vectors\.ipynb is missing or stale"):
        release(course, "01")


def test_a_version_that_students_may_have_is_not_silently_replaced(course, replace_in):
    replace_in(course.root / "requirements.txt", "numpy", "numpy==2.4.6")
    with pytest.raises(ValueError, match=r"exists with other content.*Raise `version`"):
        release(course, "01")
    replace_in(course.root / "pyproject.toml", 'version = "1.0"', 'version = "1.1"')
    assert release(course, "01").name == "tiny-01_vectors-1.1.zip"


# in the student's hands ---------------------------------------------------------------------------


def write_answer(path, id, source):
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell["id"] == id).source = source
    nbformat.write(notebook, path)
    return path.read_bytes()


MY_DOT = "def dot(x, y):\n    return sum(a * b for a, b in zip(x, y))"


def test_the_next_release_leaves_a_workspace_in_use_as_it_is(released, tmp_path):
    workspace = unpack(released.first, tmp_path)
    mine = write_answer(workspace / "01_vectors.ipynb", "ex-dot", MY_DOT)
    (workspace / "notes.txt").write_text("my notes", encoding="utf-8")
    assert unpack(released.second, tmp_path) == workspace
    assert (workspace / "01_vectors.ipynb").read_bytes() == mine
    assert (workspace / "notes.txt").read_text(encoding="utf-8") == "my notes"
    assert (workspace / "02_streams.ipynb").is_file()


@pytest.fixture
def corrected(course, replace_in):
    """A corrected release of 01, of another version."""
    replace_in(course.root / "pyproject.toml", 'version = "1.0"', 'version = "1.1"')
    replace_in(course.assignment("01").source, "Two small functions", "Two functions")
    replace_in(course.library / "checks.py", "equally long", "of one length")
    build_notebooks(course)
    return release(Course.find(course.root), "01")


def test_a_corrected_release_unpacks_beside_the_workspace_in_use(released, corrected, tmp_path):
    workspace = unpack(released.first, tmp_path / "home")
    mine = write_answer(workspace / "01_vectors.ipynb", "ex-dot", MY_DOT)
    assert unpack(corrected, tmp_path / "home") != workspace
    assert (workspace / "01_vectors.ipynb").read_bytes() == mine


def test_an_update_keeps_a_notebook_in_use_and_brings_the_corrected_one_beside_it(
    released, corrected, tmp_path
):
    workspace = unpack(released.first, tmp_path / "home")
    mine = write_answer(workspace / "01_vectors.ipynb", "ex-dot", MY_DOT)
    done = update(corrected, workspace)
    assert (workspace / "01_vectors.ipynb").read_bytes() == mine
    beside = workspace / "01_vectors-1.1.ipynb"
    assert "Two functions" in beside.read_text(encoding="utf-8")
    assert "of one length" in (workspace / "tiny_lib/checks.py").read_text(encoding="utf-8")
    assert read_manifest(workspace / "manifest.json").version == "1.1"
    assert "Your 01_vectors.ipynb is as you left it" in str(done)


def test_an_update_twice_changes_nothing_more(released, corrected, tmp_path):
    workspace = unpack(released.first, tmp_path / "home")
    write_answer(workspace / "01_vectors.ipynb", "ex-dot", MY_DOT)
    update(corrected, workspace)
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    assert update(corrected, workspace).written == []
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


def test_an_update_replaces_a_notebook_that_nobody_touched(released, corrected, tmp_path):
    workspace = unpack(released.first, tmp_path / "home")
    done = update(corrected, workspace)
    assert "Two functions" in (workspace / "01_vectors.ipynb").read_text(encoding="utf-8")
    assert done.beside == {}


def test_an_update_keeps_what_a_student_changed_in_the_library(released, corrected, tmp_path):
    workspace = unpack(released.first, tmp_path / "home")
    checks = workspace / "tiny_lib/checks.py"
    checks.write_text("MINE = 1\n", encoding="utf-8")
    done = update(corrected, workspace)
    assert "of one length" in checks.read_text(encoding="utf-8")
    assert (workspace / "tiny_lib/checks-yours.py").read_text(encoding="utf-8") == "MINE = 1\n"
    assert "You had changed tiny_lib/checks.py" in str(done)


def test_an_update_of_an_earlier_assignment_forgets_nothing_of_a_later_one(
    released, corrected, tmp_path
):
    workspace = unpack(released.first, tmp_path / "home")
    unpack(released.second, tmp_path / "home")
    update(corrected, workspace)
    manifest = read_manifest(workspace / "manifest.json")
    assert manifest.assignment == "02_streams"
    assert list(manifest.exercises) == ["dot", "norm", "running_mean"]


def bad_zip(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["tiny-1.1/../../evil.py", "tiny-1.1/manifest.json"], "leads out of its folder"),
        (["/etc/evil", "tiny-1.1/manifest.json"], "leads out of its folder"),
        (["tiny-1.1/notes.txt"], "no release"),
        (["manifest.json"], "no release"),
        (["a/manifest.json", "b/notes.txt"], "no release"),
        (["a/manifest.json", "a/x.py", "a/x.py"], "holds a file twice"),
    ],
)
def test_what_is_no_release_is_not_brought_in(released, tmp_path, names, problem):
    workspace = unpack(released.first, tmp_path / "home")
    with pytest.raises(ValueError, match=problem):
        update(bad_zip(tmp_path / "bad.zip", names), workspace)


def test_a_file_that_is_no_zip_is_named(released, tmp_path):
    workspace = unpack(released.first, tmp_path / "home")
    with pytest.raises(ValueError, match=r"README\.md cannot be opened"):
        update(workspace / "README.md", workspace)


def test_a_release_of_another_course_is_refused(released, corrected, tmp_path):
    workspace = unpack(released.first, tmp_path / "home")
    manifest = json.loads((workspace / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps({**manifest, "course": "Another"})
    (workspace / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="a release of Tiny, not Another"):
        update(corrected, workspace)


# on any platform ----------------------------------------------------------------------------------

POSIX_ONLY = {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog", "posix"}
POSIX_CALLS = {"fork", "geteuid", "getuid", "setsid", "killpg", "mkfifo", "uname", "SIGKILL"}
RESERVED = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))}


def test_file_names_are_good_on_every_platform(released):
    names = list(read_release(released.second))
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert name.isascii()
        assert not set(name) & set('<>:"|?*\\')
        assert not {part.partition(".")[0].lower() for part in name.split("/")} & RESERVED


def test_nothing_that_a_release_carries_needs_posix(released):
    for name, content in read_release(released.second).items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.Import):
                assert not {alias.name.partition(".")[0] for alias in node.names} & POSIX_ONLY, name
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in POSIX_ONLY, name
            elif isinstance(node, ast.Attribute):
                assert node.attr not in POSIX_CALLS, name


def test_a_release_carries_the_student_part_of_the_kit_only(released):
    """What it imports of the kit is in it."""
    files = read_release(released.first)
    carried = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in files
        if name.startswith("autograder/")
    }
    for name, content in files.items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(content)):
                module = getattr(node, "module", None) if isinstance(node, ast.ImportFrom) else None
                if module and module.startswith("autograder"):
                    assert module in carried, f"{name} imports {module}"
