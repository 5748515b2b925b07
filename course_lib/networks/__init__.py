"""From images to embeddings: backbones, and the embedder on top of one.

================  ==================================================================================
module            what it holds
================  ==================================================================================
``residual``      ``SmallResNet``, a backbone of 0.3 million parameters for 64 pixels
``embedder``      ``Embedder``: backbone, pooling, L2 normalisation
``batch_norm``    ``freeze_batch_norm``, for fine-tuning
================  ==================================================================================
"""

from course_lib.networks.batch_norm import freeze_batch_norm
from course_lib.networks.embedder import Embedder
from course_lib.networks.residual import ResidualBlock, SmallResNet

__all__ = ["Embedder", "ResidualBlock", "SmallResNet", "freeze_batch_norm"]
