"""The commands that prepare data sets: ``course data …``, or ``python -m data_scripts …``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from course_lib.evaluation_sets import EvaluationSet
from data_scripts.aircraft import AIRCRAFT
from data_scripts.birds import make_birds, make_many_birds
from data_scripts.cars196 import CARS196
from data_scripts.cub200 import CUB200
from data_scripts.eth80 import ETH80
from data_scripts.evaluation_sets import KFU_SIZES, Sizes, make_evaluation_sets, products_in
from data_scripts.omniglot import NOTICE, make_omniglot
from data_scripts.preparation import PreparationError
from data_scripts.publication import Publication, prepare
from data_scripts.sop import SOP

PUBLICATIONS = (ETH80, SOP, CUB200, CARS196, AIRCRAFT)

app = typer.Typer(help="Prepare a data set.", no_args_is_help=True)
_console = Console(stderr=True)


@app.command()
def birds(
    to: Annotated[Path, typer.Option(help="Folder to prepare.")] = Path("data/birds"),
    genera: Annotated[int, typer.Option(help="Number of genera (categories).")] = 12,
    species: Annotated[int, typer.Option(help="Species (products) a genus.")] = 10,
    photos: Annotated[int, typer.Option(help="Photos (images) a species.")] = 30,
    size: Annotated[int, typer.Option(help="Side of a photo in pixels.")] = 96,
    seed: Annotated[int, typer.Option(help="Seed of the field guide.")] = 0,
) -> None:
    """Render the procedural field guide of birds."""
    with _told_plainly():
        make_birds(
            to,
            genera=genera,
            species=species,
            photos=photos,
            size=size,
            seed=seed,
            progress=True,
        )
        typer.echo(f"{genera} genera x {species} species x {photos} photos in {to}")


@app.command(name="many-birds")
def many_birds(
    to: Annotated[Path, typer.Option(help="Folder to prepare.")] = Path("data/many-birds"),
    evaluation: Annotated[
        Path | None,
        typer.Option(help="Folder of the evaluation sets; else data/evaluation/many-birds."),
    ] = None,
) -> None:
    """Render the larger guide of assignment 04, and write its two evaluation sets."""
    with _told_plainly():
        sets = make_many_birds(to, evaluation=evaluation, progress=True)
        typer.echo(f"12 genera x 30 species x 12 photos in {to}")
        for part in ("valid", "test"):
            made = EvaluationSet.read(sets / f"{part}_dataset.pickle")
            typer.echo(
                f"{sets / part}_dataset.pickle: {len(made.query)} queries, {len(made.retrieval)} "
                f"images to search in, {products_in(made)} products"
            )


@app.command()
def omniglot(
    to: Annotated[Path, typer.Option(help="Folder to prepare.")] = Path("data/omniglot"),
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with the two zip archives, instead of downloading."),
    ] = None,
) -> None:
    """Fetch Omniglot's two small background sets and merge them."""
    with _told_plainly():
        typer.echo(NOTICE)
        make_omniglot(to, source=source, progress=True)
        typer.echo(f"8 alphabets, 242 characters, 4840 drawings in {to}")


def _add(publication: Publication) -> None:
    """Add the command of a published data set."""
    names = ", ".join(archive.name for archive in publication.archives)
    folder = typer.Option(Path("data", publication.name), help="Folder to prepare.")
    brought = typer.Option(None, "--from", help=f"{names}, or its folder: nothing is downloaded.")

    def command(to: Path = folder, source: Path | None = brought) -> None:
        with _told_plainly():
            typer.echo(publication.notice)
            prepare(publication, to, source=source, progress=True)
            count = publication.count
            splits = ", ".join(f"{number} for {split}" for split, number in count.splits.items())
            typer.echo(f"{count.products} products, {count.images} images ({splits}) in {to}")

    app.command(name=publication.name, help=publication.title)(command)


for _publication in PUBLICATIONS:
    _add(_publication)


@app.command(name="evaluation-sets")
def evaluation_sets(
    dataset: Annotated[str, typer.Argument(help="Name, as in data/NAME, or a folder.")],
    to: Annotated[
        Path | None, typer.Option(help="Folder for the files; else data/evaluation/NAME.")
    ] = None,
    queries: Annotated[
        int | None, typer.Option(help="Queries in each file; with --retrieval. 4566 for sop.")
    ] = None,
    retrieval: Annotated[
        int | None, typer.Option(help="Images to search in, in each file. 19479 for sop.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random choice of queries.")] = 0,
) -> None:
    """Write valid_dataset.pickle and test_dataset.pickle from products not for training."""
    with _told_plainly():
        folder = Path(dataset) if Path(dataset).is_dir() else Path("data", dataset)
        if (queries is None) != (retrieval is None):
            raise ValueError("--queries and --retrieval go together")
        sizes = KFU_SIZES if folder.name == SOP.name else None
        if queries is not None and retrieval is not None:
            sizes = Sizes(queries, retrieval)
        place = to or Path("data", "evaluation", folder.resolve().name)
        for part, made in make_evaluation_sets(folder, place, sizes=sizes, seed=seed).items():
            typer.echo(
                f"{place / part}_dataset.pickle: {len(made.query)} queries, {len(made.retrieval)} "
                f"images to search in, {products_in(made)} products"
            )


@contextmanager
def _told_plainly() -> Iterator[None]:
    """End with a sentence instead of a traceback, where the user can put the problem right."""
    try:
        yield
    except (PreparationError, ValueError) as error:
        _console.print(str(error), style="red", soft_wrap=True, markup=False, highlight=False)
        raise typer.Exit(1) from error
