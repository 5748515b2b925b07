"""Recipes: what a file may say, and what training one leaves behind."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner

import course_lib
from course_lib.__main__ import commands
from course_lib.recipes import RecipeError, as_markdown, built_in, read_recipe, train_recipe
from course_lib.recipes.data import read_splits, search_task
from course_lib.training import CheckpointError

SIZE, CATEGORIES, PRODUCTS, IMAGES = 16, 3, 5, 6

RECIPE = """\
# Coloured squares.
seeds = [0, 1]

[data]
reader = "folders"
folder = "{folder}"
size = 16
test_products = 1
validation_products = 1

[search]
gallery = 2
distractors = true

[training]
steps = 4
device = "cpu"
n_categories = 2
n_products = 2
n_images = 3
save_every = 2
evaluate_every = 2

[stage.coarse]
title = "category classifier"
objective = "classification"
labels = "category"
batch_size = 8
optimizer = "sgd"
learning_rate = 0.05

[stage.triplet]
start = "coarse"
freeze_batch_norm = true
augment = "jitter"
"""

UNANSWERED = """
def l2_normalize(x):
    raise NotImplementedError("l2_normalize has no answer yet")
"""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def squares(tmp_path_factory) -> Path:
    """A data set of squares: a colour a product, a stripe an image."""
    folder = tmp_path_factory.mktemp("squares")
    for category in range(CATEGORIES):
        for product in range(PRODUCTS):
            place = folder / f"category{category}" / f"product{product}"
            place.mkdir(parents=True)
            for number in range(IMAGES):
                picture = Image.new("RGB", (SIZE, SIZE), (80 * category, 50 * product, 128))
                picture.paste((255, 255, 255), (2 * number, 0, 2 * number + 3, SIZE))
                picture.save(place / f"{number}.png")
    return folder


@pytest.fixture
def recipe_file(squares, tmp_path) -> Path:
    path = tmp_path / "squares.toml"
    path.write_text(RECIPE.format(folder=squares.as_posix()), encoding="utf-8")
    return path


def train(*arguments) -> tuple[int, str]:
    result = CliRunner().invoke(commands, ["train", *map(str, arguments)])
    return result.exit_code, result.output


class TestReadRecipe:
    @pytest.mark.parametrize("name", built_in())
    def test_the_courses_own_are_complete_and_say_what_they_are(self, name):
        recipe = read_recipe(name)
        assert recipe.name == name
        assert re.fullmatch(r"\d\d_\w+", name)
        rungs = ["coarse", "triplet", "fine", "fine-triplet"]
        assert list(recipe.stages) == (rungs if recipe.hash is None else ["fine"])
        assert len(recipe.seeds) >= 3
        assert all(stage.title for stage in recipe.stages.values())
        assert built_in()[name].read_text(encoding="utf-8").startswith("#")

    def test_compare_stages_that_saw_as_many_images(self):
        for name in filter(lambda name: name.startswith("04"), built_in()):
            stages = read_recipe(name).stages

            def images(stage):
                batch = stage.n_categories * stage.n_products * stage.n_images
                return stage.steps * (stage.batch_size if stage.labels == "category" else batch)

            assert images(stages["coarse"]) + images(stages["triplet"]) == images(stages["fine"])

    def test_a_stage_has_its_own_entries_and_the_defaults(self, recipe_file):
        recipe = read_recipe(recipe_file)
        coarse, triplet = recipe.stages.values()
        assert (coarse.optimizer, coarse.learning_rate, coarse.steps) == ("sgd", 0.05, 4)
        assert (triplet.optimizer, triplet.learning_rate, triplet.steps) == ("adam", 1e-3, 4)
        assert triplet.start == "coarse"

    def test_changes_replace_and_add_entries(self, recipe_file):
        changes = ["stage.triplet.steps=9", "data.crop=center", "model.dimensions = 8", "seeds=7"]
        recipe = read_recipe(recipe_file, changes)
        assert recipe.stages["triplet"].steps == 9
        assert recipe.stages["coarse"].steps == 4
        assert (recipe.data.crop, recipe.model.dimensions, recipe.seeds) == ("center", 8, (7,))

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ("data.crop=round", r"data\.crop must be one of 'full', 'center', 'box', got 'round'"),
            ("data.croop=box", r"unknown key data\.croop: there may be reader, folder, size, crop"),
            ("data.size=big", r"data\.size must be an integer, got 'big'"),
            ("data.size=true", r"data\.size must be an integer, got True"),
            ("data.in_memory=1", r"data\.in_memory must be true or false, got 1"),
            ("stage.triplet.steps=0", r"stage\.triplet\.steps must be at least 1, got 0"),
            ("stage.triplet.start=fine", r"start is 'fine': it must be one of random, coarse"),
            ("stage.triplet.labels=category", r'labels must be "product" for the objective'),
            ("stage.triplet.margin=-1", r"stage\.triplet\.margin must be finite and greater"),
            ("stage.random.steps=2", r"stage\.random: a stage is named with letters"),
            ("training.objective=arcface", r"objective must be one of 'classification'"),
            ("search.gallery=0", r"search\.gallery must be at least 1"),
            ("model.backbone=vgg16", r"model\.backbone must be one of 'small', 'resnet18'"),
            ("optimiser=adam", r"unknown key 'optimiser': at the top there may be data, search"),
            ("seeds=[1, 1]", r"seeds must be different integers"),
            ("model=small", r"model must be a table \[model\], got 'small'"),
        ],
    )
    def test_names_the_key_and_what_it_may_be(self, recipe_file, change, text):
        with pytest.raises(RecipeError, match=rf"squares\.toml: .*{text}"):
            read_recipe(recipe_file, [change])

    def test_names_a_missing_key(self, recipe_file):
        text = recipe_file.read_text().replace('reader = "folders"\n', "")
        recipe_file.write_text(text)
        with pytest.raises(RecipeError, match=r"data\.reader is missing"):
            read_recipe(recipe_file)

    def test_an_unknown_or_ambiguous_name_lists_the_known_ones(self):
        with pytest.raises(
            RecipeError, match="no recipe starts with 'mnist': name one of 04_birds"
        ):
            read_recipe("mnist")
        with pytest.raises(RecipeError, match="several recipes start with '04'"):
            read_recipe("04")

    def test_text_that_is_no_toml_and_changes_that_are_none_are_refused(self, tmp_path):
        (tmp_path / "broken.toml").write_text("[data\n")
        with pytest.raises(RecipeError, match=r"broken\.toml cannot be read as TOML: .*line 1"):
            read_recipe(tmp_path / "broken.toml")
        with pytest.raises(RecipeError, match=r"'steps' is no change: write table\.key=value"):
            read_recipe("04_birds", ["steps"])


class TestData:
    def test_the_last_products_of_each_category_are_held_out(self, recipe_file):
        splits = read_splits(read_recipe(recipe_file).data)
        for split, numbers in (("train", {0, 1, 2}), ("validation", {3}), ("test", {4})):
            products = splits.collection.product_ids[splits.indices(split)]
            assert {product % PRODUCTS for product in products.tolist()} == numbers

    def test_a_search_has_queries_of_its_split_and_distractors(self, recipe_file):
        recipe = read_recipe(recipe_file)
        splits = read_splits(recipe.data)
        task = search_task(splits, "test", recipe.data, recipe.search)
        assert set(task.query_labels.tolist()) == {4, 9, 14}
        assert len(task.queries) == CATEGORIES * (IMAGES - 2)
        assert torch.equal(task.retrieval_labels.unique(), torch.arange(CATEGORIES * PRODUCTS))
        assert len(task.retrieval) == CATEGORIES * PRODUCTS * 2

    def test_nothing_of_the_test_is_in_the_search_that_selects(self, recipe_file):
        recipe = read_recipe(recipe_file)
        splits = read_splits(recipe.data)
        task = search_task(splits, "validation", recipe.data, recipe.search)
        everything = {*task.query_labels.tolist(), *task.retrieval_labels.tolist()}
        assert not everything & {4, 9, 14}

    def test_jittered_queries_are_the_same_every_time(self, recipe_file):
        recipe = read_recipe(recipe_file, ["search.jitter=1.0"])
        splits = read_splits(recipe.data)
        one, two = (search_task(splits, "test", recipe.data, recipe.search) for _ in "ab")
        plain = search_task(splits, "test", recipe.data, read_recipe(recipe_file).search)
        assert torch.equal(one.queries, two.queries)
        assert not torch.equal(one.queries, plain.queries / 255)
        assert torch.equal(one.retrieval, plain.retrieval)

    def test_a_product_without_a_query_is_named(self, recipe_file):
        recipe = read_recipe(recipe_file, ["search.gallery=6"])
        splits = read_splits(recipe.data)
        with pytest.raises(RecipeError, match=r"search\.gallery is 6"):
            search_task(splits, "test", recipe.data, recipe.search)

    def test_a_split_without_images_is_named(self, recipe_file):
        with pytest.raises(
            RecipeError, match=r"no images for the split 'test': set data\.test_pro"
        ):
            read_splits(read_recipe(recipe_file, ["data.test_products=0"]).data)


class TestTrainRecipe:
    def test_measures_every_rung_for_every_seed(self, recipe_file, tmp_path):
        recipe = read_recipe(recipe_file)
        results = train_recipe(recipe, tmp_path / "run")
        assert list(results) == [0, 1]
        for seed in (0, 1):
            assert list(results[seed]) == ["raw pixels", "untrained", "coarse", "triplet"]
            assert results[seed]["triplet"].keys() == {"map", "recall@1", "recall@5", "seconds"}
        assert results[0]["raw pixels"] == results[1]["raw pixels"]
        assert results[0]["untrained"] != results[1]["untrained"]
        assert json.loads((tmp_path / "run/results.json").read_text())["1"] == results[1]
        table = (tmp_path / "run/ladder.md").read_text()
        assert table == as_markdown(recipe, results)
        assert "| category classifier | " in table
        stage = tmp_path / "run/seed-1/triplet"
        written = {path.name for path in stage.iterdir()}
        assert written >= {"log.csv", "training.png", "evaluations.json", "embedder.safetensors"}

    def test_a_stage_starts_from_the_one_it_names(self, recipe_file, tmp_path):
        changes = ["stage.triplet.learning_rate=1e-30", "seeds=0", "stage.triplet.steps=1"]
        train_recipe(read_recipe(recipe_file, changes), tmp_path / "run")
        coarse, triplet = (
            load_file(tmp_path / "run/seed-0" / stage / "embedder.safetensors")
            for stage in ("coarse", "triplet")
        )
        assert all(torch.equal(coarse[name], triplet[name]) for name in coarse)

    def test_images_read_from_disk_give_the_same_run(self, recipe_file, tmp_path):
        results = []
        for in_memory in ("true", "false"):
            changes = ["seeds=0", f"data.in_memory={in_memory}", "stage.triplet.steps=2"]
            found = train_recipe(read_recipe(recipe_file, changes), tmp_path / in_memory)
            results.append({k: v for k, v in found[0]["triplet"].items() if k != "seconds"})
        assert results[0] == results[1]


class TestCommand:
    def test_stops_and_goes_on_to_the_same_weights(self, recipe_file, tmp_path, monkeypatch):
        whole, torn = tmp_path / "whole", tmp_path / "torn"
        code, said = train(recipe_file, "--seed", 3, "--out", whole)
        assert code == 0, said
        assert "| triplet | " in said

        real, replaced = signal.signal, []

        def pressed_in_the_second_stage(number, handler):
            replaced.append(number)
            before = real(number, handler)
            # The first stage has set its handler, and put back what was there before.
            if number == signal.SIGINT and replaced.count(number) == 3:
                signal.raise_signal(number)
            return before

        monkeypatch.setattr(signal, "signal", pressed_in_the_second_stage)
        code, said = train(recipe_file, "--seed", 3, "--out", torn)
        assert code == 130
        assert "--resume goes on" in said
        code, said = train(recipe_file, "--seed", 3, "--out", torn, "--resume")
        assert code == 0, said
        name = "seed-3/triplet/embedder.safetensors"
        assert (torn / name).read_bytes() == (whole / name).read_bytes()

    def test_a_folder_in_use_is_kept(self, recipe_file, tmp_path):
        (tmp_path / "thesis.txt").touch()
        code, said = train(recipe_file, "--out", tmp_path)
        assert code == 1
        assert "is not empty: add --resume to go on, or choose another --out" in said

    def test_another_recipe_is_not_resumed(self, recipe_file, tmp_path):
        out = tmp_path / "run"
        train(recipe_file, "--seed", 0, "--out", out, "--set", "training.steps=1")
        code, said = train(recipe_file, "--seed", 0, "--out", out, "--resume")
        assert code == 1
        assert "of another recipe" in said

    def test_a_mistake_is_one_sentence(self, recipe_file):
        code, said = train(recipe_file, "--set", "data.folder=nowhere")
        assert code == 1
        assert said.strip() == "nowhere is no folder: name the one that holds the categories"

    def test_an_exercise_that_is_not_done_yet_is_one_sentence(self, recipe_file, tmp_path):
        library = tmp_path / "workspace" / "course_lib"
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(course_lib.__file__).parent, library, ignore=left_out)
        with open(library / "distances.py", "a", encoding="utf-8") as file:
            file.write(UNANSWERED)
        done = subprocess.run(
            [sys.executable, "-m", "course_lib", "train", recipe_file, "--out", "run"],
            cwd=library.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == "l2_normalize has no answer yet"

    def test_without_a_name_the_recipes_are_listed(self):
        assert train() == (0, "".join(f"{name}\n" for name in built_in()))


def test_a_damaged_checkpoint_names_the_stage_folder(recipe_file, tmp_path):
    recipe = read_recipe(recipe_file, ["seeds=0"])
    train_recipe(recipe, tmp_path / "run")
    for path in (tmp_path / "run/seed-0/coarse").glob("step-*/state.json"):
        path.write_text("{")
    with pytest.raises(CheckpointError, match="coarse/step-00000004 is damaged"):
        train_recipe(recipe, tmp_path / "run", resume=True)
