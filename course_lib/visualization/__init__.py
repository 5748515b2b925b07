"""Pictures of what the course builds.

Every function takes plain arrays, tensors or PIL images and returns a matplotlib ``Figure`` with
title and labels. Nothing is said by colour alone: hits and misses differ in frame and symbol,
curves in their dashes, categories in their markers, and the colours of a heat map also in
lightness. The figure's label (``figure.get_label()``) is its alternative text; :func:`show` puts
both into a notebook. :func:`embedding_explorer` makes a page to look around in instead of a figure.

==============  ======================================================================
module          what it holds
==============  ======================================================================
``batches``     a batch's images, and the distances within it
``codes``       binary codes: distances, lengths, attributes of bits, attention
``galleries``   triplets; queries with what was retrieved
``curves``      figures over the steps of training
``projection``  t-SNE: embeddings as points of a plane
``maps``        those points with markers and thumbnails; the same images before and after
``explorer``    the same as an interactive page of its own
``showing``     figures in a notebook
``drawing``     what they share
==============  ======================================================================
"""

from course_lib.visualization.batches import batch_montage, distance_heat_map
from course_lib.visualization.codes import (
    attention_gallery,
    hamming_histograms,
    information_heat_map,
    precision_curves,
)
from course_lib.visualization.curves import loss_curves
from course_lib.visualization.explorer import Page, embedding_explorer
from course_lib.visualization.galleries import retrieval_gallery, triplet_strips
from course_lib.visualization.maps import before_after, embedding_map
from course_lib.visualization.projection import tsne
from course_lib.visualization.showing import show

__all__ = [
    "Page",
    "attention_gallery",
    "batch_montage",
    "before_after",
    "distance_heat_map",
    "embedding_explorer",
    "embedding_map",
    "hamming_histograms",
    "information_heat_map",
    "loss_curves",
    "precision_curves",
    "retrieval_gallery",
    "show",
    "triplet_strips",
    "tsne",
]
