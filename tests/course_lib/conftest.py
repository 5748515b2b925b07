"""Settings for the tests of the reference library."""

from hypothesis import settings

# The same examples on every run and machine, and no clock: a slow machine is no wrong answer.
settings.register_profile("deterministic", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("deterministic")
