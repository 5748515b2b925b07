# %% [markdown]
# # 02 Distances
#
# Which images look alike? Those whose embeddings are near. This notebook measures how near.

# %% name="setup"
import torch
from torch import Tensor

from autograder.student import NotDoneYet, check, needs
from course_lib.distances import mirror_upper_triangle_
from course_lib.shortlists import shortlists
from course_lib.validation import (
    require_at_most,
    require_comparable,
    require_embeddings,
    require_floating,
    require_integers,
    require_positive,
)

# %% [markdown]
# ## Unit length
#
# Only the direction of an embedding matters to a cosine, so every row is scaled to length 1.

# %% exercise="l2_normalize"

# %% [markdown]
# ## All distances at once
#
# $\lVert x_i - y_j \rVert^2 = \lVert x_i \rVert^2 + \lVert y_j \rVert^2 - 2 \langle x_i, y_j \rangle$.

# %% exercise="pairwise_squared_distances"

# %% name="picture-pairwise_squared_distances" needs="pairwise_squared_distances"
print(pairwise_squared_distances(torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])))

# %% [markdown]
# ## Cosine or distance
#
# Of unit vectors, one tells the other.

# %% exercise="squared_distances_from_cosine"

# %% [markdown]
# ## The nearest
#
# A query asks for its k nearest images of the retrieval set.

# %% exercise="k_nearest"

# %% [markdown] question="cosine_or_euclid" points=15
# For unit vectors, do cosine similarity and Euclidean distance rank the retrieval set alike?
# And for vectors of any length?

# %% [markdown] model_answer="cosine_or_euclid"
# Alike for unit vectors: $\lVert u - v \rVert^2 = 2 - 2 \cos(u, v)$ falls as the cosine grows.
# Otherwise not: the distance also sees the lengths, of which the cosine knows nothing.

# %% [markdown] rubric="cosine_or_euclid"
# 10 points for the unit vectors with the formula or an argument, 5 for a reason or an example with
# vectors of different lengths.
