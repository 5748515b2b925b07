"""Takes a batch sampler through a real DataLoader, twice, as training does."""

from itertools import islice
from typing import Any

from torch.utils.data import DataLoader

MOST_BATCHES = 400


def probe(sampler_class: Any, *ids: Any, **options: Any) -> dict[str, Any]:
    """The loader's length, and the indices that it asked the data set for in two epochs."""
    indices: Any = range(len(ids[0]))  # a data set whose item i is i
    loader: DataLoader[Any] = DataLoader(indices, batch_sampler=sampler_class(*ids, **options))
    epochs = [[batch.tolist() for batch in islice(loader, MOST_BATCHES)] for _ in range(2)]
    return {"length": len(loader), "epochs": epochs}
