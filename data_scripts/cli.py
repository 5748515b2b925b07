"""The commands that prepare data sets: ``course data …``, or ``python -m data_scripts …``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data_scripts import eth80 as eth80_script
from data_scripts import omniglot as omniglot_script
from data_scripts.birds import make_birds
from data_scripts.eth80 import make_eth80
from data_scripts.omniglot import make_omniglot
from data_scripts.preparation import PreparationError

app = typer.Typer(help="Prepare a data set.", no_args_is_help=True)
_console = Console(stderr=True)


@app.command()
def birds(
    to: Annotated[Path, typer.Option(help="Folder to prepare.")] = Path("data/birds"),
    genera: Annotated[int, typer.Option(help="Number of genera (categories).")] = 12,
    species: Annotated[int, typer.Option(help="Species (products) a genus.")] = 10,
    photos: Annotated[int, typer.Option(help="Photos (images) a species.")] = 30,
    size: Annotated[int, typer.Option(help="Side of a photo in pixels.")] = 96,
    seed: Annotated[int, typer.Option(help="Another seed, another field guide.")] = 0,
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
        typer.echo(omniglot_script.NOTICE)
        make_omniglot(to, source=source, progress=True)
        typer.echo(f"8 alphabets, 242 characters, 4840 drawings in {to}")


@app.command()
def eth80(
    to: Annotated[Path, typer.Option(help="Folder to prepare.")] = Path("data/eth80"),
    source: Annotated[
        Path | None,
        typer.Option("--from", help="ETH-80-master.zip, or its folder, instead of downloading."),
    ] = None,
) -> None:
    """Fetch ETH-80: 8 categories, 80 objects, 41 views each."""
    with _told_plainly():
        typer.echo(eth80_script.NOTICE)
        make_eth80(to, source=source, progress=True)
        typer.echo(f"8 categories x 10 objects x 41 views in {to}")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """End with a sentence instead of a traceback when the user can put it right."""
    try:
        yield
    except (PreparationError, ValueError) as error:
        _console.print(str(error), style="red", soft_wrap=True, markup=False, highlight=False)
        raise typer.Exit(1) from error
