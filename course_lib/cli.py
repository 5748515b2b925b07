"""The library's own commands: ``course train …``, or ``python -m course_lib train …``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()
_console = Console()
_errors = Console(stderr=True)


@app.command(rich_help_panel="On this machine")
def train(
    recipe: Annotated[
        str | None, typer.Argument(help="a .toml file, or the name of a recipe; none lists them")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="change an entry: stage.triplet.steps=50"),
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(help="instead of the recipe's seeds")] = None,
    out: Annotated[Path | None, typer.Option(help="folder; default runs/NAME")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on where a run stopped")] = False,
) -> None:
    """Train the stages of a recipe, measure each, and write weights, logs and a table.

    Ctrl-C saves after the step at hand. For several GPUs put `torchrun --nproc-per-node N -m
    course_lib` in place of `course`.

    Example:
        >>> train()
        04_birds
        04_eth80
        04_omniglot
        08_birds
        08_eth80
        08_resnet50
    """
    from course_lib.recipes import as_markdown, built_in, read_recipe, train_recipe
    from course_lib.training.distributed import world

    if recipe is None:
        for name in built_in():
            _console.print(name)
        return
    with _told_plainly(), world() as here:
        changes = [*(set_ or ()), *([f"seeds={seed}"] if seed else ())]
        chosen = read_recipe(recipe, changes)
        folder = out or Path("runs") / chosen.name
        results = train_recipe(
            chosen,
            folder,
            resume=resume,
            progress=True,
            say=lambda line: _console.print(line, markup=False, highlight=False),
        )
        if not here.leads:
            return
        if results is None:
            _errors.print(f"Stopped, and saved in {folder}: --resume goes on.", soft_wrap=True)
            raise typer.Exit(130)
        _console.print(as_markdown(chosen, results), markup=False, highlight=False, soft_wrap=True)
        _console.print(f"Weights, logs and curves: {folder}", markup=False, soft_wrap=True)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """End with a sentence instead of a traceback when the user can put it right."""
    from course_lib.networks import PretrainedWeightsError

    try:
        yield
    except (
        ValueError,
        FloatingPointError,
        PretrainedWeightsError,
        NotImplementedError,  # an exercise that has no answer yet, in a student's workspace
    ) as error:
        _errors.print(str(error), style="red", soft_wrap=True, markup=False, highlight=False)
        raise typer.Exit(1) from error
