"""From a model and a sampler to a trained model, and from images to embeddings.

=================  =================================================================================
module             what it holds
=================  =================================================================================
``step``           ``training_step``: one step on the semi-hard triplets of a batch
``triplets``       ``train_triplets``: the shortest loop, for a first network
``loop``           ``Trainer``: the whole loop, with evaluation, checkpoints and several processes
``settings``       ``TrainingSettings``: its numbers and names
``objectives``     what a step minimises: triplets, pairs, classes
``batches``        ``ShuffledBatches``; batches without end
``optimizers``     Adam, AdamW, SGD; clipping
``schedules``      constant, cosine, one-cycle
``hardware``       device and precision
``distributed``    several processes: ``World``
``checkpoints``    a run on disk
``interruption``   Ctrl-C after the step
``log``            tables and curves of a run
``augmentation``   ``mirror_and_shift``, ``jitter``
``embedding``      ``embed``, ``embed_dataset``: embeddings of many images
=================  =================================================================================
"""

from course_lib.training.augmentation import jitter, mirror_and_shift
from course_lib.training.batches import ShuffledBatches
from course_lib.training.checkpoints import CheckpointError, load_weights, save_weights
from course_lib.training.embedding import embed, embed_dataset
from course_lib.training.loop import Outcome, Trainer
from course_lib.training.objectives import (
    Objective,
    classification_objective,
    contrastive_objective,
    smooth_ap_objective,
    triplet_objective,
)
from course_lib.training.settings import TrainingSettings
from course_lib.training.step import TrainingStep, training_step
from course_lib.training.triplets import TripletLoss, TripletMiner, train_triplets

__all__ = [
    "CheckpointError",
    "Objective",
    "Outcome",
    "ShuffledBatches",
    "Trainer",
    "TrainingSettings",
    "TrainingStep",
    "TripletLoss",
    "TripletMiner",
    "classification_objective",
    "contrastive_objective",
    "embed",
    "embed_dataset",
    "jitter",
    "load_weights",
    "mirror_and_shift",
    "save_weights",
    "smooth_ap_objective",
    "train_triplets",
    "training_step",
    "triplet_objective",
]
