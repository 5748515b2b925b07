"""Networks from images to embeddings: backbones, and what stands on top of a backbone.

================  ==================================================================================
module            what it holds
================  ==================================================================================
``residual``      ``SmallResNet``, a backbone of 0.3 million parameters for 64 pixels
``backbones``     ``build_backbone``: ``SmallResNet`` or a torchvision ResNet, maybe pretrained
``embedder``      ``Embedder``: backbone, pooling, projection, L2 normalisation
``classifier``    ``Classifier``: a head for pretraining on classes
``batch_norm``    ``freeze_batch_norm``, for fine-tuning
``weights``       ``load_embedder``: a trained embedder, from its file
================  ==================================================================================

For hashing there are, as modules to import from, ``hash_network`` (``HashNetwork``),
``attribute_aware`` (``A2Net``), ``semicon`` (``SEMICON``) and what these are made of:
``channel_transformer``, and ``stages``, which splits a backbone before its last stage.
"""

from course_lib.networks.backbones import (
    BACKBONES,
    PretrainedWeightsError,
    TorchvisionResNet,
    build_backbone,
)
from course_lib.networks.batch_norm import freeze_batch_norm
from course_lib.networks.classifier import Classifier
from course_lib.networks.embedder import AveragePooling, Embedder
from course_lib.networks.residual import ResidualBlock, SmallResNet
from course_lib.networks.weights import load_embedder

__all__ = [
    "BACKBONES",
    "AveragePooling",
    "Classifier",
    "Embedder",
    "PretrainedWeightsError",
    "ResidualBlock",
    "SmallResNet",
    "TorchvisionResNet",
    "build_backbone",
    "freeze_batch_norm",
    "load_embedder",
]
