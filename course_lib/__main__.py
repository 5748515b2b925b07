"""``python -m course_lib``: the commands of ``cli``."""

import typer

from course_lib.cli import app

commands = typer.Typer(no_args_is_help=True, add_completion=False)


@commands.callback()
def _library() -> None:
    """Train and measure networks."""


commands.add_typer(app)

if __name__ == "__main__":
    commands(prog_name="python -m course_lib")
