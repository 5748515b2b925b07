"""The page of benchmark tables: some are measured again, the others stay."""

from benchmarks import scale
from benchmarks.__main__ import SUBJECTS, as_markdown, refresh
from benchmarks.harness import Claim, Comparison, Row


def comparison(title, seconds):
    claims = [Claim("fast", f"{seconds} s", True)]
    return Comparison(title, [Row("course_lib", seconds), Row("peer", 2 * seconds)], claims)


def test_a_table_measured_again_takes_its_place_and_new_ones_come_last(tmp_path):
    file = tmp_path / "benchmarks.md"
    refresh(file, [comparison("One", 1.5), comparison("Two", 2.5)])
    head = file.read_text().split("##")[0]
    refresh(file, [comparison("One", 7.5), comparison("Three", 3.5)])
    page = file.read_text()
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "# Benchmarks",
        "## One",
        "## Two",
        "## Three",
    ]
    assert page.startswith(head)
    assert "7.50 s" in page
    assert "1.50 s" not in page
    assert "| peer | 5.00 s | 2.00 |" in page


def test_the_same_tables_again_leave_the_page_as_it_is(tmp_path):
    file = tmp_path / "benchmarks.md"
    refresh(file, [comparison("One", 1.5), comparison("Two", 2.5)])
    once = file.read_text()
    refresh(file, [comparison("Two", 2.5)])
    assert file.read_text().rstrip() == once.rstrip()


def test_search_at_scale_is_scaled_from_vectors_that_fit_and_finds_what_faiss_finds():
    (found,) = scale.measure(1, items=4000, fitting=1000)
    ours, faiss, vectors = (row.name for row in found.rows)
    assert (ours, vectors) == (scale.OURS, scale.FLOATS)
    same, smaller, _ = found.claims
    assert same.holds
    assert smaller.measured == "1/341"
    page = as_markdown([found])
    assert "codes 0.024 MB, and " in page
    assert "vectors 8.19 MB; 1000 searched, scaled to 4000" in page
    assert faiss in page
    assert SUBJECTS["scale"] is scale
