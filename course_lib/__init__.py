"""The reference library of the Lookalike course: deep image retrieval, one small module a topic.

=======================  ===========================================================================
module                   what it holds
=======================  ===========================================================================
``datasets``             readers of data sets on disk
``sampling``             batches of categories x products x images
``networks``             backbones, and the embedder on top of one
``distances``            L2 normalisation, squared distances, cosine similarities, exact search
``losses``               contrastive and triplet loss, average precision and Smooth-AP
``mining``               anchor-positive pairs, semi-hard triplets
``training``             from a model and a sampler to a trained model; embeddings of many images
``recipes``              what to train on what, as files; ladders over several seeds
``evaluation``           recall at k, average precision, top-k accuracy, HNSW indexes
``hashing``              binary codes: Hamming search, baselines, asymmetric hashing
``visualization``        pictures of batches, triplets, retrieval, training, and embeddings as a map
``reproducibility``      one seed for everything
``shortlists``           what makes exact search fast
``validation``           the checks that arguments pass before anything is computed
``torchvision_compat``   ``import torchvision`` beside a CPU build of torch
=======================  ===========================================================================

Embeddings are ``(N, D)`` floating-point tensors, one row an image. Labels are ``(N,)`` integer
tensors of product ids: two images are *positive* to each other when their products are equal and
*negative* otherwise, also when the products share a category. Distances are **squared** Euclidean
distances unless a name says otherwise.
"""

from course_lib import torchvision_compat

__version__ = "0.1.0"

torchvision_compat.install()
