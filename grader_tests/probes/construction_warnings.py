"""What a batch sampler warns of when it is made."""

import warnings
from typing import Any


def probe(sampler_class: Any, *ids: Any, **options: Any) -> list[str]:
    """The kinds of warnings, by name."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler_class(*ids, **options)
    return [warning.category.__name__ for warning in caught]
