"""Whether a batch sampler depends on Python's hash seed, which differs from process to process.

Another PYTHONHASHSEED changes the hash of every text and so the order of a set of texts; numbers
keep theirs. A new process with another seed would take seconds to load torch, so the answer's
names `hash` and `set` get stand-ins that behave as under another seed. Set displays (`{...}`)
cannot be reached that way and stay as they are.
"""

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

MOST_BATCHES = 400


def probe(sampler_class: Any, *ids: Any, **options: Any) -> list[list[Any]]:
    """An epoch under each of two hash seeds."""
    namespace = sampler_class.__init__.__globals__
    return [epoch_under(salt, namespace, sampler_class, ids, options) for salt in (1, 2)]


def epoch_under(
    salt: int, namespace: dict[str, Any], sampler_class: Any, ids: Any, options: Any
) -> list[Any]:
    """An epoch while `hash` and `set` behave as under one hash seed."""

    def salted_hash(value: Any) -> int:
        return zlib.crc32(f"{salt} {value!r}".encode()) if holds_text(value) else hash(value)

    class SaltedSet(set):
        def __iter__(self) -> Iterator[Any]:
            items = list(super().__iter__())
            return iter(sorted(items, key=salted_hash) if holds_text(tuple(items)) else items)

    stand_ins = {"hash": salted_hash, "set": SaltedSet}
    shadowed = {name: namespace[name] for name in stand_ins if name in namespace}
    try:
        namespace.update(stand_ins)
        return list(islice(sampler_class(*ids, **options), MOST_BATCHES))
    finally:
        for name in stand_ins:
            del namespace[name]
        namespace.update(shadowed)


def holds_text(value: Any) -> bool:
    """Whether a value's hash depends on the hash seed."""
    if isinstance(value, tuple):
        return any(holds_text(item) for item in value)
    return isinstance(value, str | bytes)
