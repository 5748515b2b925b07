"""Recipes with a ``[hash]``: what they may say, and what is left of every method and length."""

import json
import re
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner

from course_lib.__main__ import commands
from course_lib.hashing import hamming_mean_average_precision
from course_lib.recipes import RecipeError, as_markdown, built_in, read_recipe, train_recipe

SIZE, CATEGORIES, PRODUCTS, IMAGES = 16, 2, 3, 8
METHODS = ["pairwise", "head", "asymmetric", "a2net", "semicon"]

RECIPE = """\
seeds = [0, 1]

[data]
reader = "folders"
folder = "{folder}"
size = 16

[training]
device = "cpu"

[stage.fine]
objective = "classification"
optimizer = "sgd"
learning_rate = 0.05
batch_size = 8
steps = 20

[hash]
bits = [6, 8]
start = "fine"
device = "cpu"
rounds = 2
epochs = 2
batch_size = 12
augment = "mirror_and_shift"
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """Squares, a colour a product; every fourth image is for testing."""
    folder = tmp_path_factory.mktemp("squares")
    for category in range(CATEGORIES):
        for product in range(PRODUCTS):
            for number in range(IMAGES):
                split = "test" if number % 4 == 3 else "train"
                place = folder / split / f"category{category}" / f"product{product}"
                place.mkdir(parents=True, exist_ok=True)
                picture = Image.new("RGB", (SIZE, SIZE), (200 * category, 100 * product, 128))
                picture.paste((255, 255, 255), (number, 0, number + 2, SIZE))
                picture.save(place / f"{number}.png")
    return folder


@pytest.fixture
def recipe_file(squares, tmp_path):
    path = tmp_path / "squares.toml"
    path.write_text(RECIPE.format(folder=squares.as_posix()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(squares, tmp_path_factory):
    """A recipe that was trained once: itself, its folder and its results."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "squares.toml").write_text(RECIPE.format(folder=squares.as_posix()))
    recipe = read_recipe(folder / "squares.toml")
    return recipe, folder / "run", train_recipe(recipe, folder / "run")


def train(*arguments):
    result = CliRunner().invoke(commands, ["train", *map(str, arguments)])
    return result.exit_code, result.output


class TestReadRecipe:
    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ("hash.methods=dpsh", r"hash\.methods must be one of 'pairwise', 'head', 'asymmetric'"),
            ("hash.methods=[]", r"hash\.methods must be different, and at least one"),
            ("hash.bits=[8, 8]", r"hash\.bits must be different"),
            ("hash.bits=4", r"hash\.bits must be at least 6"),
            ("hash.start=coarse", r"hash\.start is 'coarse': it must be one of random, fine"),
            ("hash.round=3", r"unknown key hash\.round: there may be rounds"),
            ("hash.labels=genus", r"hash\.labels must be one of 'category', 'product'"),
            ("hash.precision=half", r"hash\.precision must be one of 'auto'"),
            ("search.gallery=2", r"\[search\] must be left out beside \[hash\]"),
            ("data.test_products=1", r"beside \[hash\], data\.test_products, .* must be left out"),
            ("data.in_memory=false", r"the data set's own split is searched, in memory"),
        ],
    )
    def test_names_the_key_and_what_it_may_be(self, recipe_file, change, text):
        with pytest.raises(RecipeError, match=rf"squares\.toml: .*{text}"):
            read_recipe(recipe_file, [change])

    def test_fewer_bits_will_do_where_semicon_is_left_out(self, recipe_file):
        recipe = read_recipe(recipe_file, ["hash.methods=a2net", "hash.bits=4"])
        assert (recipe.hash.methods, recipe.hash.bits) == (("a2net",), (4,))

    def test_the_courses_own_have_one_for_each_kind_of_data(self):
        named = {name: read_recipe(name).hash for name in built_in() if name.startswith("08")}
        assert list(named) == ["08_birds", "08_eth80", "08_resnet50"]
        assert named["08_birds"].labels == named["08_resnet50"].labels == "product"
        assert named["08_eth80"].labels == "category"
        assert all(entry.start == "fine" for entry in named.values())


class TestTrainRecipe:
    def test_measures_every_method_at_every_length_for_every_seed(self, trained):
        recipe, folder, results = trained
        rungs = [f"{method}-{bits}" for method in METHODS for bits in (6, 8)]
        for seed in (0, 1):
            assert list(results[seed]) == ["float embeddings", *rungs]
            assert all(results[seed][rung].keys() > {"map", "map_network"} for rung in rungs)
        assert json.loads((folder / "results.json").read_text())["1"] == results[1]
        table = (folder / "ladder.md").read_text()
        assert table == as_markdown(recipe, results)
        assert "| method | codes of the database | 6 bits | 8 bits |" in table
        assert re.search(r"\| A²-Net \| learnt \| \d", table)

    def test_what_is_learnt_finds_the_colours(self, trained):
        # A sixth of the database is relevant: at random, mean average precision is about 0.25.
        for rungs in trained[2].values():
            assert rungs["pairwise-8"]["map"] > 0.4
            assert rungs["asymmetric-8"]["map"] > 0.4

    @pytest.mark.parametrize("method", METHODS)
    def test_codes_and_weights_on_disk_give_the_same_figures(self, trained, method):
        _, folder, results = trained
        place = folder / f"seed-0/hash/{method}-8"
        codes = load_file(place / "codes.safetensors")
        assert codes["queries"].shape == (CATEGORIES * PRODUCTS * 2, 1)
        for metric, database in (("map", "database"), ("map_network", "database_by_network")):
            assert codes[database].dtype == torch.uint8
            again = hamming_mean_average_precision(
                codes["queries"], codes["query_labels"], codes[database], codes["database_labels"]
            )
            assert again == results[0][f"{method}-8"][metric]
        assert len(load_file(place / "network.safetensors")) > 2

    def test_a_seed_repeats_itself(self, trained, tmp_path):
        recipe, folder, _ = trained
        again = replace(recipe, seeds=(1,), hash=replace(recipe.hash, methods=("a2net",)))
        train_recipe(again, tmp_path / "run")
        name = "seed-1/hash/a2net-6/codes.safetensors"
        assert (tmp_path / "run" / name).read_bytes() == (folder / name).read_bytes()

    def test_what_is_finished_is_not_repeated_and_what_was_stopped_is(
        self, recipe_file, tmp_path, monkeypatch
    ):
        real, calls = torch.optim.Adam, []  # one is made to learn the codes of a length

        def pressed_in_the_second(*arguments, **options):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        monkeypatch.setattr(torch.optim, "Adam", pressed_in_the_second)
        command = (recipe_file, "--seed", 0, "--out", tmp_path / "run", "--set")
        command = (*command, "hash.methods=asymmetric")
        code, said = train(*command)
        assert (code, len(calls)) == (130, 2)
        assert "--resume goes on" in said
        code, said = train(*command, "--resume")
        assert (code, len(calls)) == (0, 3), said
        assert "| asymmetric, end to end | learnt | " in said

    def test_a_data_set_without_test_images_is_named(self, recipe_file, squares):
        recipe = read_recipe(recipe_file, [f'data.folder="{(squares / "train").as_posix()}"'])
        with pytest.raises(RecipeError, match="no split of its own into training and test images"):
            train_recipe(recipe, recipe_file.parent / "run")

    def test_pairs_of_categories_can_be_what_is_relevant(self, recipe_file, tmp_path):
        changes = ["hash.labels=category", "hash.methods=head", "hash.bits=8", "seeds=0"]
        train_recipe(read_recipe(recipe_file, changes), tmp_path / "run")
        codes = load_file(tmp_path / "run/seed-0/hash/head-8/codes.safetensors")
        assert codes["database_labels"].unique().tolist() == [0, 1]


@pytest.mark.parametrize("method", ["a2net", "semicon"])
def test_a_resnet_50_takes_a_step_in_bfloat16(squares, tmp_path, method):
    # The recipe for a GPU, as small as it can be.
    changes = [
        "data.reader=folders",
        f'data.folder="{squares.as_posix()}"',
        "data.crop=full",
        "data.size=32",
        "model.pretrained=false",
        "stage.fine.steps=1",
        "stage.fine.batch_size=4",
        "training.device=cpu",
        "hash.device=cpu",
        "hash.precision=bfloat16",
        "hash.rounds=1",
        "hash.epochs=1",
        "hash.sample_size=4",
        "hash.bits=12",
        f"hash.methods={method}",
        "seeds=0",
    ]
    found = train_recipe(read_recipe("08_resnet50", changes), tmp_path / "run")
    assert 0 <= found[0][f"{method}-12"]["map"] <= 1
    weights = load_file(tmp_path / f"run/seed-0/hash/{method}-12/network.safetensors")
    assert all(value.isfinite().all() for value in weights.values())
