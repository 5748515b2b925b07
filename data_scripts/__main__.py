"""The command line: ``python -m data_scripts birds`` does what ``course data birds`` does."""

from data_scripts.cli import app

if __name__ == "__main__":
    app(prog_name="python -m data_scripts")
