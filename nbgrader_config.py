"""Makes a checkout an nbgrader course whose submissions are graded by the judge, in the sandbox."""

from pathlib import Path

try:
    from autograder.nbgrader.config import configure
except ImportError as error:
    # nbgrader would only log an ImportError, and run submissions in an ordinary kernel.
    raise SystemExit(f"nbgrader_config.py: {error}; use the environment of `make setup`") from error

configure(get_config(), Path(__file__).parent)  # type: ignore[name-defined]  # noqa: F821
