# %% [markdown]
# # 02 Distances
#
# Two photos look alike when their **embeddings**, rows of numbers that a network computes from
# them, lie close together. This notebook makes "close" exact, and finds what is closest.
#
# ```text
#                                         YOU ARE HERE
#  photos --> batches --> embeddings --> [ distances ] --> triplets --> search
#               01            04              02              03        04, 05
# ```
#
# At the end you have four functions that everything later stands on: the losses and the mining of
# notebook 03, the evaluation of notebook 04. Plan about 90 minutes: four exercises of 10, 25, 5
# and 25 minutes, and two questions.

# %% [markdown]
# ## Words
#
# An **image** shows a **product**, and a product belongs to a **category**. With the birds these
# are photo, species and genus. A **query** is an image that somebody holds up; the **retrieval
# set** is the collection that is searched for the same product.
#
# $N$ embeddings of $D$ numbers are the rows of a matrix of shape `(N, D)`: one row, one image.

# %% name="setup"
import torch
from torch import Tensor

from autograder.student import NotDoneYet, check, needs
from course_lib.distances import mirror_upper_triangle_  # the reference uses it; you need not
from course_lib.shortlists import shortlists  # the reference uses it; you need not
from course_lib.validation import (
    require_at_most,
    require_comparable,
    require_embeddings,
    require_floating,
    require_integers,
    require_positive,
)

# %% [markdown]
# ## The data
#
# We take the test photos of the field guide: 120 species, 15 photos of each. There is no network
# yet, so a photo's embedding is its thumbnail: the bird in 8 x 8 pixels of three colours, 192
# numbers in a row. The first run draws the photos, in about ten seconds.

# %% name="birds"
from pathlib import Path

from matplotlib.figure import Figure

import data_scripts
from course_lib.datasets import read_cub
from course_lib.evaluation import recall_at_k
from course_lib.visualization import distance_heat_map, retrieval_gallery, show
from data_scripts.birds import make_birds

data = Path(data_scripts.__file__).parent.parent / "data"  # beside data_scripts, in every edition
birds = read_cub(make_birds(data / "birds")).subset(split="test")
photos = birds.tensor(size=32, crop="box")  # (1800, 3, 32, 32), values in [0, 1]
thumbnails = torch.nn.functional.avg_pool2d(photos, 4)
embeddings = thumbnails.flatten(start_dim=1)
product_ids, category_ids = torch.tensor(birds.product_ids), torch.tensor(birds.category_ids)
print(f"{len(birds)} photos, each with an embedding of {embeddings.shape[1]} numbers")

# %% [markdown]
# ## 1 Length is light
#
# Photograph a bird under half the light, and every number of its thumbnail is halved: $x$ becomes
# $\tfrac12 x$. It is the same bird, yet its embedding has moved. What stays is the *direction* of
# $x$. So we make every embedding one unit long and keep the direction only:
#
# $$ f_i = \frac{x_i}{\max(\lVert x_i \rVert_2,\ \varepsilon)}, \qquad
#    \lVert x_i \rVert_2 = \sqrt{\textstyle\sum_c x_{ic}^2}. $$
#
# The $\varepsilon$ is for a row of zeros, which has no direction: it stays zero, where $0/0$ would
# be `nan`. Networks do the same with their output, in training and in use.
#
# What the checks look at:
#
# - Rows are independent of each other. `x` itself stays as it is.
# - The result has the dtype of `x`: right to 1e-5 in float32, to 1e-10 in float64.
# - float16 ends at 65504, and $300^2$ is beyond: compute the lengths in float32 or wider
#   (`torch.promote_types(x.dtype, torch.float32)`).
# - The gradient flows through the length, too, and there is no Python loop.

# %% exercise="l2_normalize"

# %% [markdown]
# Three photos, each in three lights. To have something to draw, the embedding is only two numbers
# here, the mean red and the mean blue of the thumbnail. On the left each photo wanders along a
# ray; on the right its three lights fall on one point of the unit circle.

# %% name="picture-l2_normalize" needs="l2_normalize"
figure = Figure(figsize=(8.5, 4.3), layout="constrained")
before, after = figure.subplots(1, 2, sharex=True, sharey=True)
for photo, marker in zip((136, 900, 575), "os^", strict=True):
    lights = torch.tensor([[1.0], [0.7], [0.4]]) * thumbnails[photo, [0, 2]].mean(dim=(1, 2))
    name = birds.product_names[int(product_ids[photo])]
    before.plot(*lights.T, marker, linestyle=":", color="#1b4965", label=f"{name}, 3 lights")
    after.plot(*l2_normalize(lights).T, marker, color="#1b4965", alpha=0.5, markersize=9)
arc = torch.linspace(0, torch.pi / 2, 50)
for axes, title in ((before, "as they come"), (after, "after l2_normalize")):
    axes.plot(arc.cos(), arc.sin(), color="0.6", zorder=0, label="length 1")
    axes.set(title=title, xlabel="mean red", ylabel="mean blue", aspect="equal")
after.legend(*before.get_legend_handles_labels(), loc="lower left", fontsize=8)
figure.suptitle("Half the light halves the length and leaves the direction")
alt = """Two plots of mean blue against mean red. Left: three photos, each at three distances from
the origin along a ray. Right: each photo is one point on the unit circle."""
show(figure, alt)

# %% [markdown]
# ## 2 All distances at once
#
# Training compares every image of a batch with every other, and search compares every query with
# the whole retrieval set. Both want one matrix
#
# $$ D_{ij} = \lVert x_i - y_j \rVert_2^2 = \sum_c (x_{ic} - y_{jc})^2 , \qquad
#    i = 1 \dots N, \quad j = 1 \dots M. $$
#
# Distances are **squared** throughout the course. Why, is a question at the end.
#
# The sum as it stands asks for all differences: $N \cdot M \cdot D$ numbers, which is 51 GB for
# 5000 embeddings of 512 float32 numbers. Expand the square, and the differences disappear:
#
# $$ \lVert x_i - y_j \rVert^2 =
#    \lVert x_i \rVert^2 + \lVert y_j \rVert^2 - 2\,\langle x_i, y_j \rangle . $$
#
# The first term depends on the row only, the second on the column only, and the third is a matrix
# product, which is what processors do best.

# %% [markdown]
# The expansion has a price. float32 keeps 7 digits, and where two rows are nearly equal, the terms
# nearly cancel: what is left can be $-10^{-7}$ instead of 0. Negative "squares" give `nan` as soon
# as somebody takes a root, and an image that is not at distance 0 from itself may not be its own
# nearest neighbour. So:
#
# - No entry is negative.
# - With `y=None`, `x` is compared with itself. Then the diagonal is *exactly* 0, and $D$ is
#   symmetric (the checks allow for rounding here). With two sets the diagonal means nothing, even
#   if they have equally many rows.
#
# The checks also look at this:
#
# - The error is at most 1e-5 for float32 unit rows, and 1e-10 for float64. float16 is computed in
#   float32 and returned in float16.
# - Gradients reach `x` and `y`, and stay finite where two rows are equal.
# - No Python loop, no tensor of $N \cdot M \cdot D$ numbers. `x` and `y` stay as they are.

# %% exercise="pairwise_squared_distances"

# %% [markdown]
# To see something in $D$, a second embedding by hand: the **palette**, which counts how often each
# of $6^3 = 216$ colours occurs in the middle of the photo. (The root tames the most frequent
# colours.)


# %% name="palettes"
def palette(photos, levels=6):
    """Roots of the colour counts, (N, levels³), of the middle of photos (N, 3, 32, 32)."""
    level = (photos[:, :, 8:-8, 8:-8] * levels).long().clamp(max=levels - 1).flatten(start_dim=2)
    colour = (level[:, 0] * levels + level[:, 1]) * levels + level[:, 2]
    counts = torch.zeros(len(photos), levels**3)
    return counts.scatter_add_(1, colour, torch.ones(colour.shape)).sqrt()


palettes = palette(photos)

# %% [markdown]
# A batch as notebook 01 makes it: 3 genera, 3 species of each, 4 photos of each, in this order.
# The large dark blocks on the diagonal are the genera. Inside a block you would want a dark square
# for each species. There is none: colours tell the genus, not the species.

# %% name="picture-pairwise_squared_distances" needs="l2_normalize pairwise_squared_distances"
species = torch.cat([product_ids[category_ids == genus].unique()[:3] for genus in (0, 4, 10)])
batch = torch.cat([(product_ids == s).nonzero().flatten()[:4] for s in species])
distances = pairwise_squared_distances(l2_normalize(palettes[batch]))
title = "Squared distances of palettes: 3 genera x 3 species x 4 photos"
show(distance_heat_map(distances, product_ids[batch], names=birds.product_names, title=title))

# %% [markdown]
# The same for all pairs of the 1800 photos, in three kinds: same species (positives), same genus
# but another species (hard negatives), other genus (easy negatives). A good embedding would have
# three hills side by side. Here the first two lie on top of each other; to move them apart is what
# the losses of notebook 03 are for.

# %% name="picture-kinds-of-pairs" needs="l2_normalize pairwise_squared_distances"
distances = pairwise_squared_distances(l2_normalize(palettes))
same_species = product_ids[:, None] == product_ids
same_genus = category_ids[:, None] == category_ids
others = ~torch.eye(len(birds), dtype=torch.bool)
kinds = [same_species & others, same_genus & ~same_species, ~same_genus]
names = ("same species", "same genus", "other genus")
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
for kind, chosen, dashes in zip(names, kinds, ("-", "--", ":"), strict=True):
    density, edges = torch.histogram(distances[chosen], bins=40, range=(0, 2), density=True)
    axes.plot(edges[:-1] + 0.025, density, dashes, linewidth=2, label=kind)
axes.set(xlabel="squared distance", ylabel="density", title="Pairs of photos, by kind")
axes.legend(handlelength=3)
alt = """Densities of squared distances for three kinds of pairs. Same species and same genus have
the same hill at about 0.7; other genus has a hill at about 1.2."""
show(figure, alt)

# %% [markdown]
# ## 3 Cosine and distance
#
# Papers and libraries often speak of **cosine similarity**, $\cos(u, v) = \langle u, v \rangle$
# for unit vectors: 1 for equal, 0 for orthogonal, −1 for opposite ones. It carries the same
# information as the distance then. Put $\lVert u \rVert = \lVert v \rVert = 1$ into the expansion
# of exercise 2 and read off $\lVert u - v \rVert^2$ as a function of the cosine.
#
# The argument holds cosines, in a tensor of any shape and of any floating-point dtype, and the
# result has both. Rounding makes cosines such as 1.0000001; the result lies in $[0, 4]$
# nevertheless, exactly.

# %% exercise="squared_distances_from_cosine"

# %% [markdown]
# Here are 2000 pairs of photos. For unit rows (right) every pair lies on your line. For rows as
# they come (left) there is no line: two pairs with one cosine can have very different distances.

# %% name="picture-cosine" needs="l2_normalize squared_distances_from_cosine"
one, other = embeddings[::45].repeat(50, 1), embeddings[7::36].repeat_interleave(40, dim=0)
one_unit, other_unit = l2_normalize(one), l2_normalize(other)
cosines = (one_unit * other_unit).sum(dim=1)
figure = Figure(figsize=(8.5, 3.8), layout="constrained")
left, right = figure.subplots(1, 2)
left.scatter(cosines, (one - other).square().sum(dim=1), s=4, color="0.3")
right.scatter(cosines, (one_unit - other_unit).square().sum(dim=1), s=4, color="0.3")
line = torch.linspace(float(cosines.min()), 1, 2)
right.plot(line, squared_distances_from_cosine(line), "--", label="your function")
right.legend()
for axes, title in ((left, "rows as they come"), (right, "unit rows")):
    axes.set(title=title, xlabel="cosine", ylabel="squared distance")
figure.suptitle("Cosine against squared distance")
alt = """Two scatter plots of squared distance against cosine. Left, rows as they come: a wide
cloud. Right, unit rows: all points on one falling line."""
show(figure, alt)

# %% [markdown]
# ## 4 The nearest
#
# Search: for each query, the $k$ rows of the retrieval set with the smallest squared distance.
# Here it is exact; notebook 04 will compare a faster, approximate index with it.
#
# Two things need a decision.
#
# **Ties.** Equal photos, or codes of few numbers, have equal distances. Then the smaller index
# comes first, also where a tie stretches across place $k$. `torch.topk`, and `torch.sort` without
# `stable=True`, promise no order, so the same search could answer differently on another machine.
#
# **Memory.** 4566 queries against 19479 images are 89 million distances, 356 MB, and the sort
# wants more. But each query is on its own: take `chunk_size` queries at a time, keep $k$ columns,
# and let the rest go. Mind that `values[:, :k]` is a *view*, which keeps all columns alive;
# `.clone()` copies the few.
#
# What the checks look at:
#
# - The result is a pair: squared distances and `int64` indices, both `(Q, k)`, nearest first.
# - Every `chunk_size` gives the same answer, and no tensor has more than about `chunk_size` x $R$
#   numbers. A loop over chunks is fine; there is none inside a chunk.
# - Nothing is removed: queries and retrieval set are different sets, and a row at distance 0 is an
#   answer.
# - No gradient: the result is detached. Rows of float64 are ranked in float64; rows of float16 are
#   ranked in float32, and their distances stay float32.

# %% exercise="k_nearest"

# %% [markdown]
# Now we can search. Of each species 5 photos are queries, and the other 10 lie in the retrieval
# set. A solid frame is a hit, the same species; a dashed one is a miss.

# %% name="picture-k_nearest" needs="l2_normalize pairwise_squared_distances k_nearest"
is_query = torch.arange(len(birds)) % 15 < 5
queries, retrieval = is_query.nonzero().flatten(), (~is_query).nonzero().flatten()
unit = l2_normalize(palettes)
distances, nearest = k_nearest(unit[queries], unit[retrieval], 6)
hits = product_ids[retrieval[nearest]] == product_ids[queries][:, None]
q = [15, 112, 233, 410, 555]
asked = [birds.image(i, crop="box") for i in queries[q].tolist()]
found = [[birds.image(i, crop="box") for i in row] for row in retrieval[nearest[q]].tolist()]
show(retrieval_gallery(asked, found, hits[q], distances[q], title="The 6 nearest palettes"))

# %% [markdown]
# Nearly every bird that is found has the right colours, and so the right genus; the species is a
# matter of luck. In one number: **recall at k**, the share of queries with a hit among their $k$
# nearest (`course_lib.evaluation`, which calls your `k_nearest`). Guessing would give 1 in 120 at
# $k=1$.


# %% name="picture-recall" needs="l2_normalize pairwise_squared_distances k_nearest"
def report(name, rows):
    """Print the recalls of a search, and how often the nearest image has the right genus."""
    figures = [
        recall_at_k(rows[queries], labels[queries], rows[retrieval], labels[retrieval], k)
        for labels, k in ((product_ids, 1), (product_ids, 5), (category_ids, 1))
    ]
    print("{:25} recall@1 {:.3f}   recall@5 {:.3f}   right genus {:.3f}".format(name, *figures))


report("thumbnails, as they come", embeddings)
report("thumbnails, unit rows", l2_normalize(embeddings))
report("palettes, unit rows", l2_normalize(palettes))

# %% [markdown]
# Normalisation alone finds half as many species again, because light no longer counts. Palettes
# find the genus nearly always. The last step, from genus to species, is left for a network.

# %% [markdown]
# ## Questions

# %% [markdown] question="why_squared" points=8
# **Why squared?** Losses, mining and search of this course work with *squared* Euclidean
# distances.
#
# 1. Give three reasons for leaving out the square root.
# 2. Name one thing that would change if we took the root and left everything else as it is.
#
# A sentence or a formula for each is enough.

# %% [markdown] model_answer="why_squared"
# 1. Any three of these:
#    - The root is monotone: it changes no order, so neighbours, recall and average precision are
#      the same without it.
#    - The gradient of $\lVert x-y \rVert^2$ is $2(x-y)$, defined everywhere. That of the root is
#      $(x-y)/\lVert x-y \rVert$, which is $0/0$ for equal images, as on the diagonal of every
#      batch: `nan`.
#    - It comes straight from norms and a matrix product, and saves $N \cdot M$ roots. The root of
#      an entry that rounding made negative would be `nan`.
#    - For unit rows it is linear in the cosine, $2 - 2\cos$.
# 2. All that compares *differences* of distances with a fixed number: with the margin $\alpha$
#    kept, other triplets violate it, so loss and semi-hard set are others. (Also right: means of
#    distances; the triangle inequality, which squares do not satisfy; the gradient, which for
#    squares grows with the distance.)

# %% [markdown] rubric="why_squared"
# - 2 points for each of up to three different, right reasons (6). "It is faster" alone counts 1.
# - 2 points for a right consequence. "The ranking changes" is wrong: 0 for this part.

# %% [markdown] question="rank_alike" points=7
# **When do cosine and distance rank alike?** A query $q$ ranks the rows $y_j$ of the retrieval set
# once by falling cosine and once by rising squared distance.
#
# 1. Under which condition on the lengths are the two rankings equal for every $q \ne 0$? Show it
#    with the expansion of $\lVert q - y_j \rVert^2$.
# 2. A colleague normalises the queries but forgets the retrieval set. Are the rankings equal?
#    Prove it, or give a counterexample with two rows of two numbers.

# %% [markdown] model_answer="rank_alike"
# 1. $\lVert q - y_j \rVert^2 = \lVert q \rVert^2 + \lVert y_j \rVert^2 - 2 \lVert q \rVert \lVert
#    y_j \rVert \cos(q, y_j)$. For one query $\lVert q \rVert$ is a constant. If all $\lVert y_j
#    \rVert$ are equal to some $r > 0$, this is a constant minus $2 \lVert q \rVert r \cos(q, y_j)$
#    with a positive factor: the larger the cosine, the smaller the distance. The length of the
#    query does not matter.
# 2. No. $q = (1, 0)$, $y_1 = (3, 0)$, $y_2 = (0.6, 0.8)$: the cosines are 1 and 0.6, so $y_1$
#    comes first; the squared distances are 4 and 0.8, so $y_2$ comes first.

# %% [markdown] rubric="rank_alike"
# - 2 points for the expansion with the cosine in it.
# - 2 points for the condition: all rows of the retrieval set have the same length. "All vectors
#   have length 1" is sufficient but stricter than needed: 1 of the 2.
# - 1 point for the argument that the rest is constant for a query and the factor is positive.
# - 2 points for "no" with a valid counterexample; 1 for "no" with a sound argument but no numbers.

# %% [markdown]
# ## To play with
#
# Invent a better embedding; any function of the pixels goes. Ideas: larger or smaller thumbnails;
# the whole photo instead of the box (`birds.tensor(size=32)`); palettes of the four quarters of
# the photo, one after the other; thumbnails and palettes side by side, with weights. What helps
# the genus, and what the species?


# %% name="picture-experiment" needs="l2_normalize pairwise_squared_distances k_nearest"
def invented(photos):
    """An embedding of photos: here, a thumbnail beside a palette, with equal weight."""
    thumbnail = torch.nn.functional.avg_pool2d(photos, 4)
    shape = (thumbnail - thumbnail.mean(dim=(1, 2, 3), keepdim=True)).flatten(start_dim=1)
    return torch.cat([l2_normalize(shape), l2_normalize(palette(photos))], dim=1)


report("invented", l2_normalize(invented(photos)))

# %% [markdown]
# ## In this notebook you built
#
# - `l2_normalize`: the direction of an embedding, without its length;
# - `pairwise_squared_distances`: all distances by one matrix product, with rounding under control;
# - `squared_distances_from_cosine`: on unit rows, cosine and distance are the same thing;
# - `k_nearest`: exact search in bounded memory, with an order for ties.
#
# Notebook 03 uses the distances to say what a network should change.
