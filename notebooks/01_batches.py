# %% [markdown]
# # 01 Batches
#
# A network that finds look-alikes learns by comparing: *these two photos show the same product,
# that one does not*. It can only compare what lies in one batch. This notebook builds the batches.
#
# ```text
#             YOU ARE HERE
#  photos --> [ batches ] --> embeddings --> distances --> triplets --> search
#                  01             04            02            03        04, 05
# ```
#
# At the end you have a batch sampler that you can hand to any PyTorch `DataLoader`, and that every
# later notebook trains with. Plan about 90 minutes: three exercises of 15, 20 and 30 minutes, and
# two questions.

# %% [markdown]
# ## Words
#
# An **image** shows a **product**, the thing that a search shall find again. A product belongs to
# a **category**. In this course's birds a category is a genus, a product is a species, an image is
# a photo.
#
# Two images of one product are **positives** to each other. Images of different products are
# **negatives**, also when the products share a category: those are the **hard** ones, for they
# look alike.

# %% name="setup"
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from torch.utils.data import BatchSampler

from autograder.student import NotDoneYet, check, needs
from course_lib.validation import (
    Ids,
    require_ids,
    require_integers,
    require_one_category_each,
    require_rank,
)

# %% [markdown]
# ## The data
#
# The field guide of birds is drawn by a program: 12 genera of 10 species, which differ in small
# things such as the bill, the crest or the wing bars. The first run draws it, in about ten
# seconds.

# %% name="birds"
from matplotlib.figure import Figure

from course_lib.datasets import read_cub
from course_lib.visualization import batch_montage, show
from data_scripts import DATA
from data_scripts.birds import make_birds

DARK, LIGHT = {"color": "#1b4965"}, {"color": "white", "edgecolor": "0.4", "hatch": "///"}

guide = read_cub(make_birds(DATA / "birds")).subset(split="train")
guide

# %% [markdown]
# In the field some genera are met daily and some once a year. So that the notebook has the trouble
# that real collections have, we keep fewer photos of the rarer genera.

# %% name="uneven"
rng = np.random.default_rng(10)
how_often = rng.permutation(0.95 * 0.8 ** np.arange(12))  # a share of each genus's photos
kept = rng.random(len(guide)) < how_often[guide.category_ids]
birds = guide.subset(kept)
birds

# %% [markdown]
# ## Why not at random?
#
# A triplet is an anchor, a positive and a negative, and it teaches most when the negative is a
# hard one. Take 32 images at random, and count.


# %% name="random-batch"
def count(batch):
    """Positive pairs of a batch, and its triplets with a hard negative."""
    product, category = birds.product_ids[batch], birds.category_ids[batch]
    same_product = product[:, None] == product
    positives = same_product.sum(axis=1) - 1  # of each anchor
    hard_negatives = ((category[:, None] == category) & ~same_product).sum(axis=1)
    return positives.sum() // 2, (positives * hard_negatives).sum()


at_random = rng.choice(len(birds), 32, replace=False)
print("positive pairs: {}, triplets with a hard negative: {}".format(*count(at_random)))

# %% [markdown]
# A few positive pairs among 496, and that with a hundred products only. With the 11 318 training
# products of Stanford Online Products, a random batch of 32 would hold a positive pair once in
# more than twenty batches: nearly every step would learn nothing.
#
# So we choose. A batch holds
#
# $$ n \text{ categories} \times m \text{ products of each} \times l \text{ images of each.} $$
#
# Every image then has $l-1$ positives and $(m-1)\,l$ hard negatives, by construction. The three
# numbers are called `n_categories`, `n_products` and `n_images` in the code; mind their order.

# %% [markdown]
# ## 1 Which products can take part
#
# A product with fewer than $l$ images cannot fill its place. Drawing one of its images twice would
# not help: the two copies have distance 0 and teach nothing. So it takes no part:
#
# $$ \begin{aligned}
#    \text{product } p \text{ is eligible} &\iff |\{i : p_i = p\}| \ge l, \\
#    \text{category } c \text{ is eligible} &\iff c \text{ has} \ge m \text{ eligible products.}
#    \end{aligned} $$
#
# Both limits are met by *exactly* as many. Rare products do not count when their category is
# judged.
#
# What the checks look at: ids come as lists, arrays or tensors (`np.asarray` reads all three), and
# stay as they are. They are any integers, in any order, with gaps; images of a product need not
# stand together. The result is a dictionary with ascending integer categories as keys. Its values
# are ascending `int64` arrays.

# %% exercise="eligible_products"

# %% [markdown]
# The picture shows each species with its number of photos, and the limit of 4. Dark bars take
# part. A hatched bar that reaches the line is an eligible product, alone in its category.

# %% name="picture-eligible_products" needs="eligible_products"
eligible = eligible_products(birds.category_ids, birds.product_ids, n_products=2, n_images=4)
products, counts = np.unique(birds.product_ids, return_counts=True)
takes_part = np.isin(products, np.concatenate(list(eligible.values())))
figure = Figure(figsize=(11, 3), layout="constrained")
axes = figure.subplots()
axes.bar(products[takes_part], counts[takes_part], **DARK, label="takes part")
axes.bar(products[~takes_part], counts[~takes_part], **LIGHT, label="does not")
axes.axhline(4, color="black", linestyle="--", linewidth=1, label="n_images = 4")
axes.set(xlabel="product (ten to a category)", ylabel="images", xticks=range(0, 121, 10))
axes.set_title(f"{takes_part.sum()} of {len(products)} products take part")
axes.legend(framealpha=1)
show(
    figure,
    f"Images of each product; {takes_part.sum()} products with 4 or more take part, "
    f"in {len(eligible)} of 12 categories.",
)

# %% [markdown]
# ## 2 How long an epoch is
#
# An epoch should show each product about once. We shuffle the products of each category and cut
# them into **chunks** of $m$. Category $c$ with $P_c$ eligible products gives $q_c = \lfloor P_c /
# m \rfloor$ chunks; what is left over waits for the next epoch's shuffle. A batch takes one chunk
# from each of $n$ *different* categories.
#
# How many batches $K$ can that fill? Not always $\sum_c q_c / n$. With chunks $q = (1, 1, 3)$ and
# $n = 2$ there are 5 chunks, so at most 2 batches, and that works: the large category goes with
# each of the small ones. But with $q = (9, 1)$ there are 10 chunks and still only 1 batch, since a
# batch takes at most one chunk from a category.
#
# That is the whole idea. In $K$ batches, category $c$ can use at most $\min(q_c, K)$ chunks, and
# $nK$ chunks are needed:
#
# $$ K = \max \Big\{ k \ge 0 : \sum_c \min(q_c, k) \ge n\,k \Big\}. $$
#
# The condition is also enough: take, for each batch, the $n$ categories that have the most chunks
# left, and all $K$ batches come about. The result is an `int`, 0 where no batch is possible.

# %% exercise="epoch_length"

# %% [markdown]
# A shop sells mostly trainers. Chunks above the dashed line at $K$ are out of reach in this epoch:
# each batch takes at most one chunk of trainers.

# %% name="picture-epoch_length" needs="epoch_length"
names, chunks = ["trainers", "boots", "sandals", "clogs", "slippers"], np.array([9, 3, 2, 1, 1])
figure = Figure(figsize=(10, 3), layout="constrained")
for n, axes in zip((2, 3), figure.subplots(1, 2, sharey=True), strict=True):
    K = epoch_length(chunks, n)
    within = np.minimum(chunks, K)
    axes.bar(names, within, **DARK, label="within reach")
    axes.bar(names, chunks - within, bottom=within, **LIGHT, label="above K: waits")
    axes.axhline(K, color="black", linestyle="--", linewidth=1)
    axes.set(ylabel="chunks", ylim=(0, 10))
    axes.set_title(f"n = {n}: K = {K}, although {chunks.sum()} // {n} = {chunks.sum() // n}")
axes.legend()
show(figure, "Chunks of five categories, 9, 3, 2, 1 and 1, cut at the number of batches K.")

# %% [markdown]
# ## 3 The sampler
#
# `DataLoader(dataset, batch_sampler=sampler)` asks the sampler for lists of indices and loads
# those images. Your class is such a sampler: `__iter__` yields the batches of one epoch, `__len__`
# tells how many there are. What it promises:
#
# - **A batch** is one flat list of $n \cdot m \cdot l$ different indices of the data set, category
#   by category, and in it product by product. There is no shorter batch at the end.
# - **An epoch** uses every product at most once, and has as many batches as possible: take the
#   categories with the most chunks left, ties broken at random. With `num_batches` it is instead
#   that many independent batches: each draws categories, products and images anew.
# - **Chance** is the sampler's own. A generator seeded with `(seed, epoch)` makes an epoch
#   repeatable and another epoch different. A full pass makes `self.epoch` one more; `set_epoch`
#   sets it. Python's, NumPy's and PyTorch's global generators stay untouched, so that shuffling
#   does not change how a model is initialised.
# - **Several processes** share an epoch. Each draws the same plan and takes batches `rank`, `rank
#   + world_size`, …; the last `K % world_size` are dropped, so that all have equally many. If one
#   had more, it would wait for the others for ever.
# - **The constructor** raises a `ValueError` when fewer than $n$ categories are eligible. A
#   training run should fail at its start, not in the middle.
#
# The argument checks are given. You may add methods of your own between the given ones.

# %% exercise="batch_sampler"

# %% [markdown]
# Here is a batch of $4 \times 2 \times 4$: a row for each genus, in it two species with four
# photos each. Look for what tells the two species of a row apart. This is what a network must
# learn to see.


# %% name="picture-batch_sampler" needs="eligible_products epoch_length batch_sampler"
def sampler_of_birds(n, m, each):
    ids = birds.category_ids, birds.product_ids
    return CategoryProductBatchSampler(*ids, n_categories=n, n_products=m, n_images=each)


batch = next(iter(sampler_of_birds(4, 2, 4)))
show(
    batch_montage(
        [birds.image(i) for i in batch],
        birds.category_ids[batch],
        birds.product_ids[batch],
        category_names=birds.category_names,
        product_names=birds.product_names,
    )
)

# %% [markdown]
# An epoch as a table: a row for each category, a column for each batch, a filled square where the
# category gave a chunk. Every column has four. Rows with many chunks begin early; the rare ones
# join in later, when all have equally many left.

# %% name="picture-epoch" needs="eligible_products epoch_length batch_sampler"
epoch = list(sampler_of_birds(4, 2, 4))
genera = np.unique(birds.category_ids[np.concatenate(epoch)])
table = np.array([np.isin(genera, birds.category_ids[batch]) for batch in epoch]).T
order = np.argsort(-table.sum(axis=1), kind="stable")
figure = Figure(figsize=(8, 3.5), layout="constrained")
axes = figure.subplots()
axes.pcolormesh(table[order], cmap="Greys", edgecolors="0.7", linewidth=1, vmax=1.3)
axes.set_xlabel("batch")
axes.set_xticks(np.arange(len(epoch)) + 0.5, range(1, len(epoch) + 1))
axes.set_yticks(np.arange(len(genera)) + 0.5, [birds.category_names[genera[row]] for row in order])
axes.invert_yaxis()
axes.set_title(f"{table.sum()} chunks in {len(epoch)} batches")
show(figure, f"Which of {len(genera)} categories gave a chunk to which of {len(epoch)} batches.")

# %% [markdown]
# And what did choosing bring? The count from above, for 200 random batches and for yours.

# %% name="picture-pairs" needs="eligible_products epoch_length batch_sampler"
yours = np.mean([count(batch) for batch in sampler_of_birds(4, 2, 4)], axis=0)
draws = [rng.choice(len(birds), 32, replace=False) for _ in range(200)]
at_random = np.mean([count(draw) for draw in draws], axis=0)
figure = Figure(figsize=(8, 2.2), layout="constrained")
titles = "positive pairs", "triplets with a hard negative"
for axes, title, means in zip(figure.subplots(1, 2), titles, np.c_[at_random, yours], strict=True):
    bars = axes.barh(["random", "yours"], means, **DARK)
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set(title=title, xlabel="mean of batches of 32 images", xlim=(0, 1.15 * means.max()))
show(
    figure,
    f"Random batches: {at_random.round()} positive pairs and triplets with a hard "
    f"negative; yours: {yours.round()}.",
)

# %% [markdown]
# ## Questions
#
# Answer in your own words, in three to six sentences each.

# %% [markdown] question="shape_of_a_batch" points=8
# **The shape of a batch.** Memory allows 32 images. How many positives, hard negatives (same
# category) and easy negatives (another category) does each image have in a batch of the shape
# $(n, m, l) = (4, 2, 4)$, of $(1, 8, 4)$ and of $(8, 1, 4)$? What would training with only the
# second or only the third shape miss?

# %% [markdown] model_answer="shape_of_a_batch"
# Each image has $l-1$ positives, $(m-1)\,l$ hard and $(n-1)\,m\,l$ easy negatives: (4, 2, 4) gives
# 3, 4 and 24; (1, 8, 4) gives 3, 28 and 0; (8, 1, 4) gives 3, 0 and 28.
#
# With (1, 8, 4) the network never compares images of different categories, so nothing keeps the
# categories apart, although the retrieval set holds all of them; and a step sees one category
# only, so steps pull in different directions. With (8, 1, 4) it never compares look-alikes: soon
# all negatives lie beyond the margin, the loss is 0, and the fine differences that retrieval
# depends on are not learnt.

# %% [markdown] rubric="shape_of_a_batch"
# 3 points for the nine numbers or the three formulas (1 a shape). 2 points: (1, 8, 4) never sees
# negatives of other categories. 3 points: (8, 1, 4) never sees hard negatives (2), with the
# consequence that easy ones stop teaching once they are beyond the margin (1).

# %% [markdown] question="several_processes" points=7
# **Several processes.** Two GPUs train together, each process with a sampler of its own (`rank` 0
# and 1, `world_size` 2); after every batch they wait for each other. Training is interrupted, and
# resumed at epoch 5: why must *both* call `set_epoch(5)`? What goes wrong if they seed with
# `seed + rank` instead of `seed`? And if one process yields one batch more than the other?

# %% [markdown] model_answer="several_processes"
# A new sampler starts at epoch 0: without `set_epoch(5)` the batches of the first epochs come
# again. If only one process calls it, the two draw different plans, and their shares no longer
# belong to one epoch: some products come twice, others not at all. Seeding with `seed + rank` has
# the same effect always: each takes its share of another plan, so an epoch no longer uses every
# product at most once. If one process has a batch more, it waits after it for a partner that has
# already finished: training hangs.

# %% [markdown] rubric="several_processes"
# 3 points: `set_epoch` on both (1 for repeating old batches, 2 for different plans when only one
# calls it). 2 points: `seed + rank` gives different plans, so products are repeated or missed. 2
# points: the process with more batches waits for ever.

# %% [markdown]
# ## An experiment
#
# All these batches have 32 images. How many of them fill an epoch, and how much of the collection
# do they use? Change the shapes, or `how_often` above, and predict the numbers before you run the
# cell.

# %% name="experiment" needs="eligible_products epoch_length batch_sampler"
for n, m, each in ((4, 2, 4), (2, 4, 4), (8, 1, 4), (4, 4, 2), (2, 2, 8), (8, 2, 2)):
    sampler = sampler_of_birds(n, m, each)
    used = {product for batch in sampler for product in birds.product_ids[batch]}
    positives, triplets = count(next(iter(sampler)))
    print(
        f"n={n} m={m} l={each}: {len(sampler)} batches, {len(used)} products; in a batch "
        f"{positives:3d} positive pairs and {triplets:4d} triplets with a hard negative"
    )

# %% [markdown]
# The same class serves every collection with two levels: characters of an alphabet in Omniglot,
# say, if `python -m data_scripts omniglot` has put it on disk.

# %% name="omniglot" needs="eligible_products epoch_length batch_sampler"
from course_lib.datasets import read_omniglot

if (DATA / "omniglot").is_dir():
    letters = read_omniglot(DATA / "omniglot")
    ids = letters.category_ids, letters.product_ids
    batch = next(iter(CategoryProductBatchSampler(*ids, n_categories=3, n_products=3, n_images=4)))
    show(batch_montage([letters.image(i) for i in batch], *(labels[batch] for labels in ids)))
else:
    print("Omniglot is not here; the birds will do.")

# %% [markdown]
# ## In this notebook you built
#
# - `eligible_products`: who can fill a place in a batch,
# - `epoch_length`: how many batches an epoch can fill, exactly,
# - `CategoryProductBatchSampler`: batches that hold positives and hard negatives by construction,
#   repeatable, and shared by any number of processes.
#
# Next, in 02, you measure how far the images of such a batch are from each other.
