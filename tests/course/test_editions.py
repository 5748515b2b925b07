"""An edition is the library without the bodies of some exercises."""

import ast
import json
import subprocess
import sys

import pytest

from autograder.course.editions import edition, write_edition


def python(code, *path, cwd):
    """Run code in a fresh interpreter that imports from the given folders; its output."""
    script = f"import sys; sys.path[:0] = {[str(p) for p in path]!r}\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_stub_keeps_signature_and_docstring_and_nothing_else(tiny_course, tmp_path):
    write_edition(tiny_course, tmp_path / "edition", stubs={"dot"})
    tree = ast.parse((tmp_path / "edition/tiny_lib/vectors.py").read_text(encoding="utf-8"))
    dot = next(node for node in tree.body if getattr(node, "name", "") == "dot")
    original = ast.parse((tiny_course.library / "vectors.py").read_text(encoding="utf-8"))
    reference = next(node for node in original.body if getattr(node, "name", "") == "dot")
    assert ast.dump(dot.args) == ast.dump(reference.args)
    assert ast.get_docstring(dot) == ast.get_docstring(reference)
    assert len(dot.body) == 1
    assert ast.unparse(dot.decorator_list[0]) == "unanswered('dot')"


def test_the_rest_of_the_library_is_unchanged(tiny_course, tmp_path):
    write_edition(tiny_course, tmp_path / "edition", stubs={"dot"})
    for name in ("__init__.py", "checks.py"):
        copy = tmp_path / "edition/tiny_lib" / name
        assert copy.read_bytes() == (tiny_course.library / name).read_bytes()
    copy = (tmp_path / "edition/tiny_lib/vectors.py").read_text(encoding="utf-8")
    assert "squared_length = dot(x, x)" in copy


def test_no_marker_is_left_in_an_edition(tiny_course, tmp_path):
    write_edition(tiny_course, tmp_path / "edition", stubs=())
    text = (tmp_path / "edition/tiny_lib/streams.py").read_text(encoding="utf-8")
    assert "self.count += 1" in text
    assert "SOLUTION" not in text


def test_caches_stay_at_home(tiny_course, tmp_path):
    cache = tiny_course.library / "__pycache__"
    cache.mkdir()
    (cache / "vectors.cpython-311.pyc").write_bytes(b"bytecode")
    write_edition(tiny_course, tmp_path / "edition", stubs=())
    assert not (tmp_path / "edition/tiny_lib/__pycache__").exists()


def test_an_edition_is_made_once_for_each_content(tiny_course, replace_in):
    first = edition(tiny_course, stubs={"dot"})
    assert edition(tiny_course, stubs=["dot", "dot"]) == first
    assert edition(tiny_course, stubs={"norm"}) != first
    replace_in(tiny_course.library / "checks.py", "equally long", "of one length")
    changed = edition(tiny_course, stubs={"dot"})
    assert changed != first
    assert "of one length" in (changed / "tiny_lib/checks.py").read_text(encoding="utf-8")


def test_an_unknown_exercise_is_refused(tiny_course):
    with pytest.raises(ValueError, match="no exercise 'det'"):
        edition(tiny_course, stubs={"det"})


def test_every_stub_imports_and_says_that_it_has_no_answer(tiny_course, tmp_path):
    folder = edition(tiny_course, stubs={"dot", "norm", "running_mean"})
    code = """
import json
from tiny_lib import streams, vectors
found = {}
for name, call in {
    "dot": lambda: vectors.dot([1.0], [2.0]),
    "norm": lambda: vectors.norm([1.0]),
    "RunningMean": lambda: streams.RunningMean(),
}.items():
    try:
        call()
    except NotImplementedError as error:
        found[name] = [type(error).__name__, str(error)]
print(json.dumps(found))
"""
    found = json.loads(python(code, folder, cwd=tmp_path))
    assert found == {
        "dot": ["NotDoneYet", "dot has no answer yet (exercise dot)"],
        "norm": ["NotDoneYet", "norm has no answer yet (exercise norm)"],
        "RunningMean": ["NotDoneYet", "RunningMean has no answer yet (exercise running_mean)"],
    }


def test_a_class_that_stands_on_a_stub_says_so(tiny_course, tmp_path):
    folder = edition(tiny_course, stubs={"running_mean"})
    code = """
from tiny_lib.streams import RunningMean
class Better(RunningMean):
    pass
try:
    Better()
except NotImplementedError as error:
    print(error)
"""
    assert "Better stands on RunningMean" in python(code, folder, cwd=tmp_path)
