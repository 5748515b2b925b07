"""Learning to hash: images as short binary codes, compared by counting bits.

==============  ===============================================================================
module          what it holds
==============  ===============================================================================
``codes``       from real outputs to packed bits; Hamming distances
``search``      exact search among packed codes
``index``       ``BinaryIndex``: an index of packed codes, exact or with a graph, kept on disk
``precision``   average precision of rankings with ties
``baselines``   random hyperplanes, ITQ, spectral hashing: estimators without labels
``pairwise``    codes whose inner products are the similarities: stage one of two
``asymmetric``  the parts of ADSH: its loss, and the update of the database's codes
``learning``    their alternation: a network for queries and learnt codes for the database
``attributes``  what bits mean: mutual information with attributes
==============  ===============================================================================

A *code* is a row of C numbers, each −1 or +1; *packed*, its bits, eight to a byte. With labels,
a code of the database is *relevant* to a query when their labels are equal.
"""

from course_lib.hashing.asymmetric import (
    asymmetric_loss,
    asymmetric_objective,
    draw_sample,
    similarity_products,
    soft_similarities,
    update_codes,
)
from course_lib.hashing.attributes import bit_attribute_information
from course_lib.hashing.baselines import ITQ, LSH, Hasher, SpectralHashing, itq_rotation_step
from course_lib.hashing.codes import binarize, hamming_distances, pack_codes, unpack_codes
from course_lib.hashing.index import BinaryIndex
from course_lib.hashing.learning import (
    Alternation,
    AlternationSettings,
    AsymmetricHashing,
    learn_asymmetric,
)
from course_lib.hashing.pairwise import pairwise_codes
from course_lib.hashing.precision import (
    average_precision_at_k,
    hamming_average_precision,
    hamming_mean_average_precision,
)
from course_lib.hashing.search import hamming_search

__all__ = [
    "ITQ",
    "LSH",
    "Alternation",
    "AlternationSettings",
    "AsymmetricHashing",
    "BinaryIndex",
    "Hasher",
    "SpectralHashing",
    "asymmetric_loss",
    "asymmetric_objective",
    "average_precision_at_k",
    "binarize",
    "bit_attribute_information",
    "draw_sample",
    "hamming_average_precision",
    "hamming_distances",
    "hamming_mean_average_precision",
    "hamming_search",
    "itq_rotation_step",
    "learn_asymmetric",
    "pack_codes",
    "pairwise_codes",
    "similarity_products",
    "soft_similarities",
    "unpack_codes",
    "update_codes",
]
