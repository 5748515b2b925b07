"""Measures of a retrieval system, with exact search and with an approximate index.

An item of the retrieval set is *relevant* to a query when their labels are equal. Query and
retrieval set are disjoint sets of images. Rankings are by (distance, index), as in ``k_nearest``.

============  =====================================================================
module        what it holds
============  =====================================================================
``ranking``   recall at k, average precision
``accuracy``  top-k accuracy, by exact search or by an index
``index``     ``HNSWIndex``: approximate search with a graph
``backends``  the three libraries behind it
``recall``    how many of the exact neighbours an index finds
============  =====================================================================

``EvaluationSet``, which images to search with and in, has a module of its own beside this package.
"""

from course_lib.evaluation.accuracy import top_k_accuracy
from course_lib.evaluation.index import HNSWIndex
from course_lib.evaluation.ranking import (
    average_precision_of_rankings,
    mean_average_precision,
    queries_without_relevant,
    recall_at_k,
)
from course_lib.evaluation.recall import index_recall, neighbor_recall
from course_lib.evaluation_sets import EvaluationSet

__all__ = [
    "EvaluationSet",
    "HNSWIndex",
    "average_precision_of_rankings",
    "index_recall",
    "mean_average_precision",
    "neighbor_recall",
    "queries_without_relevant",
    "recall_at_k",
    "top_k_accuracy",
]
