"""From a model and a sampler to a trained model, and from images to embeddings.

================  ==================================================================================
module            what it holds
================  ==================================================================================
``step``          ``training_step``: one step on the semi-hard triplets of a batch
``triplets``      ``train_triplets``: the shortest loop, for a first network
``augmentation``  ``mirror_and_shift``
``embedding``     ``embed``: embeddings of many images
================  ==================================================================================
"""

from course_lib.training.augmentation import mirror_and_shift
from course_lib.training.embedding import embed
from course_lib.training.step import TrainingStep, training_step
from course_lib.training.triplets import TripletLoss, TripletMiner, train_triplets

__all__ = [
    "TrainingStep",
    "TripletLoss",
    "TripletMiner",
    "embed",
    "mirror_and_shift",
    "train_triplets",
    "training_step",
]
