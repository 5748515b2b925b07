"""Writing evaluation sets: unseen products only, dealt out by rule, the same every time."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from course_lib.datasets import ImageCollection, product_disjoint, read_prepared
from course_lib.evaluation_sets import EvaluationSet
from data_scripts.cli import app
from data_scripts.evaluation_sets import (
    KFU_SIZES,
    Sizes,
    make_evaluation_sets,
    of_sizes,
    one_in_five,
    unseen_products,
)
from data_scripts.preparation import PreparationError


@pytest.fixture
def folders(tmp_path, save_image):
    """Make train/, validation/ or test/ folders: {(split, category, product): images}."""

    def make(counts: dict[tuple[str, str, str], int]) -> Path:
        for (split, category, product), images in counts.items():
            for image in range(images):
                save_image(tmp_path / "set" / split / category / product / f"{image}.png")
        return tmp_path / "set"

    return make


def labels(made: EvaluationSet) -> set:
    return {entry.label for entry in (*made.query, *made.retrieval)}


def test_products_of_training_are_in_neither_set_and_no_product_is_in_both(folders, tmp_path):
    folder = folders(
        {("train", "a", f"p{i}"): 3 for i in range(3)} | {("test", "a", f"q{i}"): 6 for i in range(4)}
    )
    made = make_evaluation_sets(folder, tmp_path / "sets")
    names = read_prepared(folder).product_names
    assert {names[label] for label in labels(made["valid"])} == {"a/q0", "a/q2"}
    assert {names[label] for label in labels(made["test"])} == {"a/q1", "a/q3"}


def test_a_validation_split_of_its_own_is_kept(folders, tmp_path):
    folder = folders(
        {("train", "a", "p"): 3, ("validation", "a", "v"): 3, ("test", "a", "t"): 3}
    )
    made = make_evaluation_sets(folder, tmp_path / "sets")
    names = read_prepared(folder).product_names
    assert [names[label] for label in labels(made["valid"])] == ["a/v"]
    assert [names[label] for label in labels(made["test"])] == ["a/t"]


def test_where_the_split_is_by_image_the_second_half_of_the_products_is_unseen(birds, tmp_path):
    collection = read_prepared(birds)
    assert set(product_disjoint(collection).split[collection.product_ids < 3]) == {"train"}
    made = make_evaluation_sets(birds, tmp_path / "sets")
    assert labels(made["valid"]) == {3, 5}  # one a genus as far as that goes
    assert labels(made["test"]) == {4}


def test_one_image_in_five_is_a_query_and_a_single_one_is_only_searched_in():
    images = {1: [f"1/{i}" for i in range(10)], 2: ["2/0", "2/1"], 3: ["3/0"]}
    made = one_in_five(images)
    assert [entry.label for entry in made.query] == [1, 1, 2]
    assert [entry.label for entry in made.retrieval] == [1] * 8 + [2, 3]
    assert made.unanswerable == 0


def test_the_files_are_read_back_and_their_images_found(folders, tmp_path):
    folder = folders({("test", "a", f"q{i}"): 5 for i in range(4)})
    made = make_evaluation_sets(folder, tmp_path / "sets")
    for part in ("valid", "test"):
        found = EvaluationSet.read(tmp_path / "sets" / f"{part}_dataset.pickle")
        assert found == made[part]
        query, retrieval = found.collections(folder)
        assert (len(query), len(retrieval)) == (2, 8)


def test_the_same_data_set_elsewhere_gives_the_same_bytes_and_another_seed_others(
    folders, tmp_path
):
    folder = folders({("test", "a", f"q{i}"): 7 for i in range(6)})
    copy = shutil.copytree(folder, tmp_path / "copy")
    written = []
    for number, (place, seed) in enumerate([(folder, 0), (copy, 0), (folder, 1)]):
        make_evaluation_sets(place, tmp_path / str(number), seed=seed)
        written.append((tmp_path / str(number) / "test_dataset.pickle").read_bytes())
    assert written[0] == written[1] != written[2]


def test_too_few_unseen_products_are_told(folders, tmp_path):
    folder = folders({("train", "a", "p"): 3, ("test", "a", "q"): 3})
    with pytest.raises(PreparationError, match="1 products that are not for training: two are"):
        make_evaluation_sets(folder, tmp_path / "sets")


# --- numbers asked for ------------------------------------------------------------------------


def products_like_sop() -> dict[int, list[str]]:
    """Half of its products for testing: 5658, with 2 to 12 images, 5.35 on the mean."""
    counts = 2 + np.random.default_rng(0).binomial(10, 0.335, size=5658)
    return {i: [f"{i}/{image}.JPG" for image in range(n)] for i, n in enumerate(counts.tolist())}


@pytest.mark.parametrize("extra", [0, 2])
def test_the_courses_numbers_are_met_exactly_and_every_query_can_be_answered(extra):
    images = products_like_sop()
    images = {product: paths[: 5 + extra] for product, paths in images.items()}
    made = of_sizes(images, KFU_SIZES)
    assert (len(made.query), len(made.retrieval)) == (4566, 19479)
    assert len({entry.label for entry in made.query}) == 4566
    assert made.unanswerable == 0


@pytest.mark.parametrize("sizes", [Sizes(4, 8), Sizes(3, 2), Sizes(3, 100)])
def test_numbers_that_cannot_be_had_are_told_with_those_that_can(sizes):
    images = {i: [f"{i}/{image}" for image in range(4)] for i in range(3)}
    with pytest.raises(PreparationError, match=r"allow 3 queries .* between 3 and 9 images"):
        of_sizes(images, sizes)


def test_products_alternate_within_their_category():
    collection = ImageCollection(
        sources=tuple(Path(f"{i}.png") for i in range(8)),
        product_ids=np.array([0, 4, 1, 5, 2, 6, 3, 7]),
        category_ids=np.array([0, 1, 0, 1, 0, 1, 0, 1]),
        split=np.full(8, "test"),
    )
    assert unseen_products(collection) == ([0, 2, 4, 6], [1, 3, 5, 7])


# --- the command ------------------------------------------------------------------------------


def test_the_command_says_what_it_wrote(folders, tmp_path):
    folder = folders({("test", "a", f"q{i}"): 5 for i in range(4)})
    arguments = ["evaluation-sets", str(folder), "--to", str(tmp_path / "sets")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "valid_dataset.pickle: 2 queries, 8 images to search in, 2 products" in result.stdout
    result = CliRunner().invoke(app, [*arguments, "--queries", "2", "--retrieval", "4"])
    assert "test_dataset.pickle: 2 queries, 4 images to search in, 2 products" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sop", "--queries", "3"], "--queries and --retrieval go together"),
        (["no-such-set"], "no-such-set is no folder"),
    ],
)
def test_what_the_user_can_put_right_is_a_sentence(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["evaluation-sets", *arguments])
    assert result.exit_code == 1
    assert message in result.stderr


def test_eth80_gives_16_products_to_each(tmp_path, shared_eth80):
    folder = tmp_path / "eth80"
    runner = CliRunner()
    runner.invoke(app, ["eth80", "--to", str(folder), "--from", str(shared_eth80)])
    result = runner.invoke(app, ["evaluation-sets", str(folder), "--to", str(tmp_path / "sets")])
    for part in ("valid", "test"):
        expected = f"{part}_dataset.pickle: 128 queries, 528 images to search in, 16 products"
        assert expected in result.stdout
