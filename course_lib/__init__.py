"""The reference library of the Lookalike course: deep image retrieval, one small module a topic.

========================  =========================================================================
module                    what it holds
========================  =========================================================================
``sampling``              batches of categories x products x images
``distances``             L2 normalisation, squared distances, cosine similarities, exact search
``losses``                contrastive and triplet loss
``mining``                anchor-positive pairs, semi-hard triplets
``validation``            the checks that arguments pass before any of the above computes
========================  =========================================================================

Embeddings are ``(N, D)`` floating-point tensors, one row an image. Labels are ``(N,)`` integer
tensors of product ids: two images are *positive* to each other when their products are equal and
*negative* otherwise, also when the products share a category. Distances are **squared** Euclidean
distances unless a name says otherwise.
"""

__version__ = "0.1.0"
