"""The data sets of the course: ``python -m data_scripts --help`` lists them."""

from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
"""Where notebooks keep data sets: beside this package, in a checkout or a student's workspace."""
