# %% [markdown]
# # 08 Hashing
#
# Ten million images, each a vector of 512 numbers in float32, are 20 GB, and every query is
# compared with all of them. As codes of 48 bits the same ten million are 60 MB, and a comparison
# is an XOR and a count. This notebook makes such codes, measures what they cost in precision, and
# then **learns** them: from nothing at all, from the features, from the labels.
#
# ```text
#                                           YOU ARE HERE           YOU ARE HERE
#  photos --> batches --> embeddings --> [ codes of few bits ] --> [ search ]
#               01            04          sections 1, 5 to 10     sections 2 to 4
# ```
#
# Plan about three hours: ten exercises of 5 to 30 minutes, and two questions. The cells that train
# take about half a minute together on two free cores, and several times that on busy ones.

# %% [markdown]
# ## Words
#
# A **code** is a row of $C$ **bits**, each −1 or +1; *packed*, eight bits share a byte. The
# **Hamming distance** of two codes is the number of bits in which they differ. The images searched
# in are the **database**, $N$ of them; those searched with are the **queries**. An image of the
# database is **relevant** to a query if both show the same species. A method is **unsupervised** if
# it looks at features only, **supervised** if it is told labels.

# %% name="setup"
import math
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from autograder.student import NotDoneYet, check, needs
from course_lib.hashing.asymmetric import require_parts
from course_lib.hashing.baselines import Hasher
from course_lib.hashing.codes import as_words, unpack_codes
from course_lib.hashing.precision import DIVISORS
from course_lib.networks.channel_transformer import ChannelAttention
from course_lib.validation import (
    require_at_most,
    require_attributes,
    require_choice,
    require_codes,
    require_embeddings,
    require_integer_distances,
    require_integers,
    require_packed,
    require_same_device,
)

# %% [markdown]
# ## The data
#
# Six genera of the field guide, 60 species with 30 photos each. Every second photo is in the
# database, the others are queries: the species are known, the photos are new. The features come
# from a classifier of species, trained on the database for some fifteen seconds. Your figures will
# differ a little from your neighbour's: with another number of cores, sums are added up, and so
# rounded, in another order.

# %% name="birds"
import copy
import os
from time import perf_counter

from matplotlib.figure import Figure
from torch.utils.data import TensorDataset

from course_lib.datasets import read_cub
from course_lib.evaluation import mean_average_precision
from course_lib.hashing import (
    ITQ,
    AlternationSettings,
    AsymmetricHashing,
    asymmetric_objective,
    learn_asymmetric,
    pairwise_codes,
    similarity_products,
    soft_similarities,
)
from course_lib.networks import Classifier, Embedder
from course_lib.networks.semicon import SEMICON
from course_lib.training import (
    ShuffledBatches,
    Trainer,
    TrainingSettings,
    classification_objective,
    embed,
    mirror_and_shift,
)
from course_lib.training.hardware import choose_device
from course_lib.visualization import (
    attention_gallery,
    batch_montage,
    hamming_histograms,
    information_heat_map,
    loss_curves,
    precision_curves,
    retrieval_gallery,
    show,
)
from data_scripts import DATA
from data_scripts.birds import make_birds

QUICK = "COURSE_QUICK" in os.environ  # a rehearsal of a few steps, for tests of this notebook
guide = read_cub(make_birds(DATA / "birds"), attributes=True, parts=True)
guide = guide.subset(categories=range(6))
database, queries = guide.subset(slice(0, None, 2)), guide.subset(slice(1, None, 2))
photos, query_photos = (part.tensor(size=48, crop="box") for part in (database, queries))
labels, query_labels = (torch.tensor(part.product_ids) for part in (database, queries))
relevant = query_labels[:, None] == labels
print(f"{len(queries)} queries in {len(database)} photos of {len(labels.unique())} species")

# %% name="pretrain" needs="l2_normalize"
torch.manual_seed(0)
classifier = Classifier(Embedder(), len(labels.unique()))
Trainer(
    classifier,
    TensorDataset(photos, labels),
    ShuffledBatches(len(labels), batch_size=64),
    classification_objective(),
    TrainingSettings(
        steps=4 if QUICK else 200,
        optimizer="sgd",
        learning_rate=0.05,
        weight_decay=5e-4,
        schedule="one-cycle",
    ),
    augment=mirror_and_shift,
).run()
features, query_features = (
    embed(classifier.embedder, part).cpu() for part in (photos, query_photos)
)
print(f"{len(features)} photos in the database, {features.shape[1]} numbers each")

# %% name="level" needs="l2_normalize k_nearest"
float_precision = mean_average_precision(query_features, query_labels, features, labels)
print(f"float vectors: mean average precision {float_precision:.3f}")

# %% [markdown]
# ## 1 From numbers to bits
#
# A network gives real numbers; a code has two values. Which code is nearest to an output $u$? The
# squared distance is a sum over bits, so each bit may choose for itself:
#
# $$ \min_{b \in \{-1, 1\}^C} \lVert b - u \rVert^2 = \sum_k \min_{b_k = \pm 1} (b_k - u_k)^2,
#    \qquad b_k = \begin{cases} +1 & u_k \ge 0 \\ -1 & u_k < 0. \end{cases} $$
#
# At 0 both are equally near, and one must be taken: here +1. `torch.sign` takes neither, and its 0
# would be half a bit away from everything.
#
# What the checks look at: `outputs` is $(N, C)$; the result has its shape and dtype, holds −1 and
# +1 exactly, and carries no gradient. The outputs stay as they are. $N$ may be 0.

# %% exercise="binarize"

# %% [markdown]
# Six photos of each of eight species, and the sides of the first 64 features, from their mean. A
# row is a photo. Rows of a species are alike, and so are, less, those of a genus.

# %% name="picture-binarize" needs="l2_normalize binarize"
shown = [
    i for species in (0, 1, 2, 3, 20, 21, 22, 23) for i in range(15 * species, 15 * species + 6)
]
figure = Figure(figsize=(7.5, 4), layout="constrained")
axes = figure.subplots()
axes.imshow(binarize(features - features.mean(dim=0))[shown, :64], cmap="gray", aspect="auto")
axes.set_yticks(range(3, 48, 6), [database.product_names[int(labels[i])] for i in shown[3::6]])
axes.set(title="A photo's features as bits (white: +1)", xlabel="bit")
for edge in range(6, 48, 6):
    axes.axhline(edge - 0.5, color="#d1495b", linewidth=1 if edge != 24 else 3)
alt = """Rows of black and white cells, one for each of 48 photos. The six rows of a species are
much alike; the species of the upper genus share columns that those of the lower do not."""
show(figure, alt)

# %% [markdown]
# ## 2 Eight bits to a byte
#
# A bit as a float32 takes 32 bits of memory, and all would be for nothing. Eight bits make a byte:
# the first bit is the highest (worth 128), the eighth the lowest (worth 1). The code
# `+ − + + − − + −`, as bits `10110010`, is $128 + 32 + 16 + 2 = 178$. Codes whose length is no
# multiple of 8 leave bits of the last byte over, and these are 0 in every code, so that they never
# differ.
#
# What the checks look at: `codes` is $(N, C)$, of −1 and +1, of 0 and 1, or bool; a bit is set
# where a number is greater than 0. The result is $(N, \lceil C/8 \rceil)$ uint8, compared byte by
# byte. There is no Python loop. $N$ may be 0.

# %% exercise="pack_codes"

# %% name="picture-pack_codes" needs="l2_normalize binarize pack_codes"
code = binarize(features - features.mean(dim=0))[:1, :20]
packed = pack_codes(code)[0].tolist()
figure = Figure(figsize=(7.5, 1.6), layout="constrained")
axes = figure.subplots()
axes.imshow(unpack_codes(pack_codes(code), 24), cmap="gray", vmin=-1.5, vmax=1.2)
for place in range(24):
    axes.text(place, 0, "-+"[int(code[0, place] > 0)] if place < 20 else "0", color="#d1495b",
              ha="center", va="center")  # fmt: skip
for edge in (7.5, 15.5):
    axes.axvline(edge, color="#d1495b")
axes.set_xticks([3.5, 11.5, 19.5], [f"{byte} = {byte:08b}" for byte in packed])
axes.set(title="20 bits in three bytes; the last has four bits left", yticks=[])
show(figure, f"A row of 20 bits in three bytes: {packed}. The last four bits of the third are 0.")
print(f"{len(features)} photos: float32 {features.nbytes:,} bytes", end=", ")
print(f"codes of 48 bits {pack_codes(features[:, :48]).nbytes:,} bytes")

# %% [markdown]
# ## 3 Counting differences
#
# XOR of two bytes has a 1 wherever they differ. Counting its ones gives the distance of eight bits
# at once (`np.bitwise_count`; a table of 256 numbers does it, too). For codes of ±1 the distance is
# also the inner product in disguise, since equal bits give +1 and others −1:
#
# $$ d(b, b') = \frac{C - \langle b, b' \rangle}{2}. $$
#
# So whatever makes inner products large makes distances small. That is the whole trick of the
# second half of this notebook.
#
# What the checks look at: `x` is $(N, B)$ and `y` $(M, B)$, both packed uint8; the result is
# $(N, M)$ **int16**, exactly (a distance may exceed 255). $B$ may be any number from 1, $N$ and $M$
# also 0. The number of operations must not grow with the number of codes. The given
# `unpack_codes` and `as_words` (eight bytes as one number) may be of use.

# %% exercise="hamming_distances"

# %% [markdown]
# The distances of all queries from the whole database, with one bit a feature. If relevant pairs
# were always nearer the two curves would not overlap. Search is as good as they are apart, at their
# *left* ends: there are 59 times as many other pairs.

# %% name="picture-hamming_distances" needs="l2_normalize binarize pack_codes hamming_distances"
centre = features.mean(dim=0)
codes, query_codes = (binarize(part - centre) for part in (features, query_features))
distances = hamming_distances(pack_codes(query_codes), pack_codes(codes))
agree = torch.equal(distances, ((features.shape[1] - query_codes @ codes.T) / 2).short())
print(f"the same by inner products: {agree}")
title = "Pairs of a query and a photo of the database"
show(hamming_histograms(distances, relevant, features.shape[1], title=title))

# %% [markdown]
# ## 4 What a ranking with ties is worth
#
# Average precision you know from notebook 06: walk down the ranking; at each relevant image note
# which share of the images so far is relevant; take the mean. Two things are different here.
#
# **Ties.** 900 codes of 12 bits have 13 possible distances. Most are equal to many others, and
# sorting must put them in *some* order. Nobody says which, unless you do: here, **equal distances
# stand in the order of the database** (`stable=True`). Five items equally far, two of them
# relevant, give anything from 0.33 to 1, so figures with another rule cannot be compared.
#
# **The first $k$.** Papers on hashing often look at the first $k$ ranks only:
#
# $$ \mathrm{AP}@k = \frac{1}{T} \sum_{t} \frac{t}{\mathrm{rank}_t}, \quad \mathrm{rank}_t \le k. $$
#
# $\mathrm{rank}_t$ is the rank of the $t$-th relevant item. What is $T$? By `divisor`: `"found"`,
# the relevant items among the first $k$ (papers on hashing; one hit at rank 1 gives 1, however many
# are missed); `"possible"`, $\min(k, \text{relevant items})$; `"relevant"`, all relevant items.
#
# What the checks look at: `distances` $(Q, N)$ of any integer dtype, `relevant` $(Q, N)$ bool,
# $1 \le k \le N$; the result is $(Q,)$ **float64**, within 1e-5. It is 0 where none of the first
# $k$ is relevant, and `nan` where nothing in the whole row is. There is no Python loop.

# %% exercise="average_precision_at_k"

# %% [markdown]
# How much is left to chance? The same twelve bits, and the database in 30 random orders. A line
# reaches from the lowest to the highest average precision of a query, the dot is their mean.

# %% name="picture-average_precision_at_k" needs="average_precision_at_k"
draws = torch.Generator().manual_seed(0)
distances = hamming_distances(pack_codes(query_codes[:, :12]), pack_codes(codes[:, :12]))[::30]
orders = [torch.randperm(len(codes), generator=draws) for _ in range(30)]
values = torch.stack(
    [average_precision_at_k(distances[:, o], relevant[::30][:, o], len(codes)) for o in orders]
)
values = values[:, values.mean(dim=0).argsort()]
figure = Figure(figsize=(7, 3.2), layout="constrained")
axes = figure.subplots()
axes.vlines(range(values.shape[1]), values.amin(dim=0), values.amax(dim=0), color="#1b4965")
axes.plot(values.mean(dim=0), "o", color="#1b4965")
axes.set(title="One code of 12 bits, 30 orders of the database", xlabel="query, by its mean")
axes.set(ylabel="average precision", ylim=(0, None))
spread = (values.amax(dim=0) - values.amin(dim=0)).max()
show(figure, f"Ranges of the average precision of 30 queries; the widest is {spread:.2f}.")
print(f"mean over the queries: {values.mean(dim=1).min():.3f} to {values.mean(dim=1).max():.3f}")

# %% [markdown]
# The mean over many queries hardly moves. That of a query does. From here on, `precision_of` is the
# figure of merit: the mean of your function over all queries and all ranks.


# %% name="precision" needs="pack_codes hamming_distances average_precision_at_k"
def precision_of(query_codes, codes):
    """Mean average precision of codes, over all ranks."""
    distances = hamming_distances(pack_codes(query_codes), pack_codes(codes))
    return average_precision_at_k(distances, relevant, len(codes)).mean().item()


# %% [markdown]
# ## 5 Random hyperplanes
#
# The features need not be the bits, nor as many as the bits. Draw a random hyperplane through the
# mean of the data; a bit says on which side an image is. Two images at an angle $\theta$ (seen
# from the mean) are separated by it with probability $\theta/\pi$: in the plane that the two span,
# the hyperplane is a line in a random direction, and it must fall between them. So each bit agrees
# with probability $1 - \theta/\pi$, and the share of bits that differ *estimates the angle*. That
# is **locality-sensitive hashing** (LSH). It learns nothing, and with enough bits it is right.
#
# `Hasher` is given: `self._centre(features)` in `fit` keeps the mean as `mean_` and returns the
# features without it; `transform` takes the same mean off, calls your `_project` and takes the
# sides. What the checks look at:
#
# - `fit` returns the hasher; codes are $(N, \text{n\_bits})$, of the features' dtype, from as many
#   hyperplanes of their own, also if there are more bits than features.
# - Directions have **normally distributed** coordinates. Each is then as likely as any other;
#   coordinates from a cube would prefer its corners.
# - Equal seeds give equal codes, others give others, and the global random generators stay as they
#   are. `transform` draws nothing.
# - The share of agreement is measured over 50 000 bits.

# %% exercise="lsh"

# %% name="picture-lsh" needs="l2_normalize lsh"
centred = features[::45] - features.mean(dim=0)
cosines = nn.functional.normalize(centred) @ nn.functional.normalize(centred).T
pairs = torch.triu_indices(len(centred), len(centred), offset=1)
angles = cosines[*pairs].clamp(-1, 1).acos()
figure = Figure(figsize=(8, 3.2), layout="constrained")
for axes, bits in zip(figure.subplots(1, 2, sharey=True), (32, 1024), strict=True):
    sides = LSH(bits).fit(features).transform(features[::45])
    agreeing = (sides[pairs[0]] == sides[pairs[1]]).double().mean(dim=1)
    axes.plot(angles, agreeing, ".", color="#1b4965")
    axes.plot([0, torch.pi], [1, 0], color="#d1495b", label="1 - θ/π")
    axes.set(title=f"{bits} bits", xlabel="angle θ of two photos")
figure.axes[0].set(ylabel="share of bits that agree")
figure.axes[0].legend()
alt = """The share of bits in which pairs of photos agree, against their angle. With 32 bits the
points scatter about the line 1 - θ/π, with 1024 they lie close to it."""
show(figure, alt)

# %% name="lsh" needs="average_precision_at_k binarize lsh"
LENGTHS = (12, 24, 48)
found = {"LSH": {}}
for bits in LENGTHS:
    hasher = LSH(bits).fit(features)
    found["LSH"][bits] = precision_of(hasher.transform(query_features), hasher.transform(features))
print("LSH", *(f"{value:.3f}" for value in found["LSH"].values()), end=" ")
print(f"at 12, 24, 48 bits; float vectors {float_precision:.3f}")

# %% [markdown]
# ### What it saves
#
# 20 000 vectors of 512 numbers against their codes of 48 bits: memory, and the time in which your
# function compares 20 queries with all of them. Both grow with the number of images: the last two
# lines are what that makes for ten million.

# %% name="cost" needs="binarize pack_codes hamming_distances lsh"
n, at_once = 2_000 if QUICK else 20_000, 20
vectors = torch.randn(n, 512, generator=torch.Generator().manual_seed(0))
packed = pack_codes(LSH(48).fit(vectors).transform(vectors))


def seconds(search):
    """The shortest of three runs, of one query."""
    times = []
    for _ in range(3):
        start = perf_counter()
        search()
        times.append(perf_counter() - start)
    return min(times) / at_once


costs = {
    "vectors": (vectors.nbytes / n, seconds(lambda: vectors[:at_once] @ vectors.T) / n),
    "codes": (packed.nbytes / n, seconds(lambda: hamming_distances(packed[:at_once], packed)) / n),
}
for count in (n, 10_000_000):
    for name, (memory, time) in costs.items():
        print(f"{count:>10,} {name:8} {memory * count / 1e6:>10,.2f} MB", end="")
        print(f" {1e3 * time * count:>9.2f} ms a query")

# %% [markdown]
# ## 6 Turn the axes
#
# LSH does not look at the data. **ITQ** (iterative quantization) does. Take the $C$ principal axes,
# in which the data vary most, and the signs along them as bits. But variance is unequal: along the
# first axis numbers are large, along the last tiny, and each gives one bit. Turning the axes
# changes no distance, but spreads the variance evenly over the bits. Which rotation $R$ is best?
# The one whose result is nearest to its codes:
#
# $$ \min_{R^\top R = I,\ B \in \{-1, 1\}^{N \times C}} \lVert B - V R \rVert_F^2. $$
#
# Both at once is hard, one at a time is easy. With $R$ fixed, $B$ is the sides of $VR$: section 1.
# With $B$ fixed, $\lVert B - VR \rVert^2 = \text{const} - 2 \operatorname{tr}(B^\top V R)$, so that
# trace shall be large. With the singular value decomposition $B^\top V = U \Sigma W^\top$ it is
# $\operatorname{tr}(\Sigma W^\top R U)$: at most $\operatorname{tr} \Sigma$, and just that for
# $R = W U^\top$. Neither half can raise the loss.
#
# What the checks look at: `projected` $V$ is $(N, C)$, `rotation` $(C, C)$; the result is one step
# (both halves), $(C, C)$, of their dtype and orthogonal. `torch.linalg.svd` returns $W^\top$, not
# $W$.

# %% exercise="itq_rotation_step"

# %% [markdown]
# Four heaps of points in the plane, two bits. On the principal axes each border cuts two heaps;
# turned, each heap has a quadrant, thus a code, of its own. Crosses are the codes.

# %% name="picture-itq_rotation_step" needs="binarize itq_rotation_step"
draws = torch.Generator().manual_seed(2)
heaps = torch.tensor([[1.25, 0.0], [0.0, 1.1], [-1.25, 0.0], [0.0, -1.1]]).repeat_interleave(60, 0)
points = heaps + 0.22 * torch.randn(heaps.shape, generator=draws)
rotation = torch.linalg.qr(torch.tensor([[1.0, 0.12], [-0.12, 1.0]])).Q
turned = [points @ rotation]
for _ in range(12):
    rotation = itq_rotation_step(points, rotation)
    turned.append(points @ rotation)
losses = [(binarize(rows) - rows).square().sum(dim=1).mean().item() for rows in turned]
figure = Figure(figsize=(9, 3.2), layout="constrained")
before, after, curve = figure.subplots(1, 3)
for axes, rows, title in ((before, turned[0], "Before"), (after, turned[-1], "After 12 steps")):
    bits = binarize(rows)
    for code, mark in (([-1, -1], "o"), ([-1, 1], "s"), ([1, -1], "^"), ([1, 1], "D")):
        chosen = (bits == torch.tensor(code)).all(dim=1)
        axes.scatter(*rows[chosen].T, s=12, marker=mark)
    axes.plot([-1, -1, 1, 1], [-1, 1, -1, 1], "x", color="black", markersize=9)
    axes.axhline(0, color="0.6", linewidth=1)
    axes.axvline(0, color="0.6", linewidth=1)
    axes.set(title=title, xlabel="first number", aspect="equal", xlim=(-2, 2), ylim=(-2, 2))
before.set(ylabel="second number")
curve.plot(losses, "o-", color="#1b4965")
curve.set(title="Distance from the codes", xlabel="steps", ylabel="mean squared distance")
curve.set_xticks(range(0, 13, 2))
alt = f"""Left: heaps on the axes, cut by the borders. Middle: the same, turned; each heap lies
around a code. Right: the loss falls from {losses[0]:.2f} to {losses[-1]:.2f} in 12 steps."""
show(figure, alt)

# %% [markdown]
# `ITQ` calls your step 50 times, on the principal axes of the features.

# %% name="itq" needs="average_precision_at_k binarize itq_rotation_step"
found["ITQ"] = {}
for bits in LENGTHS:
    hasher = ITQ(bits).fit(features)
    found["ITQ"][bits] = precision_of(hasher.transform(query_features), hasher.transform(features))
print("ITQ", *(f"{value:.3f}" for value in found["ITQ"].values()), "at 12, 24, 48 bits")

# %% [markdown]
# ## 7 Ask the labels
#
# So far nobody has said what *relevant* means. Let $S_{ij} = 1$ where two images are of one species
# and −1 where not. By section 3 a distance is an inner product, so codes $H$ that search perfectly
# would have
#
# $$ S \approx \tfrac{1}{q} H H^\top, \qquad H \in \{-1, 1\}^{N \times q}, $$
#
# $q$ being the number of bits: +1 if all agree, −1 if all differ. Two stages follow: find $H$ from
# $S$ alone, then teach a network to produce it. Stage one is given, `pairwise_codes`. Here it is
# for 30 photos of six species, five of each. No three codes can be opposite to each other, so the
# blocks beside the diagonal are mostly grey where $S$ is black: −1 was too much to ask.

# %% name="pairwise"
chosen = torch.arange(0, 90, 3)
wanted = (labels[chosen][:, None] == labels[chosen]).double() * 2 - 1
learnt, objectives = pairwise_codes(wanted, n_bits=12)
signs = learnt.sign()
figure = Figure(figsize=(8.5, 3), layout="constrained")
panels = (("S: same species?", wanted), ("H, 12 bits", signs), ("H Hᵀ / 12", signs @ signs.T / 12))
for axes, (title, matrix) in zip(figure.subplots(1, 3), panels, strict=True):
    picture = axes.imshow(matrix, cmap="gray", vmin=-1, vmax=1, aspect="auto")
    axes.set(title=title, xlabel="bit" if title.startswith("H,") else "photo", ylabel="photo")
figure.colorbar(picture, ax=figure.axes)
alt = f"""Three matrices. Left: six white blocks on a black ground. Middle: 30 codes of 12 bits.
Right: their inner products, with white blocks where S has them, and greys elsewhere. The objective
fell from {objectives[0]:.0f} to {objectives[-1]:.0f}."""
show(figure, alt)

# %% [markdown]
# A database has too many images for an $N \times N$ matrix, and for a network to see each of them
# again and again. **Asymmetric hashing** (ADSH) treats the two sides differently. Only queries need
# a network, for they are new: $u_i = \tanh(\text{network}(x_i))$. The codes $v_j$ of the database
# are free, and are found directly. For a sample $\Omega$ of the database, as if it were queries,
#
# $$ L = \frac{1}{M N} \Big[ \sum_{i \in \Omega} \sum_{j=1}^{N} \big(u_i^\top v_j - C S_{ij}\big)^2
#    + \gamma \sum_{i \in \Omega} \lVert v_i - u_i \rVert^2 \Big]. $$
#
# The first sum is $S \approx U V^\top / C$, the second keeps an image's output near its own code:
# without it outputs stay near 0, where the step to bits destroys them. $u$ is not binarised here,
# because a step has no gradient.
#
# With ±1 the many dissimilar pairs would outweigh the few similar ones. The given
# `soft_similarities` therefore writes $-n_1/n_0$ in place of −1, so that $S$ sums to 0: with 60
# species −1/59, nearly 0. Codes of two species shall be *orthogonal*, which many can be at once.
#
# What the checks look at: `outputs` $(M, C)$, `codes` $(N, C)$, `similarities` $(M, N)$, `sample`
# $(M,)$ int64 (row $i$ of the outputs is image `sample[i]` of the database); a scalar of the
# outputs' dtype, its value and its gradient in `outputs`.

# %% exercise="asymmetric_loss"

# %% [markdown]
# What $\gamma$ is for. A linear layer learns codes for the 900 photos, here a random one for each
# species, in 40 steps: once without the second sum, and once with much of it. Printed is the share
# of bits that are right once the outputs are binarised.

# %% name="picture-asymmetric_loss" needs="l2_normalize binarize asymmetric_loss"
draws = torch.Generator().manual_seed(3)
targets = binarize(torch.randn(60, 24, generator=draws))[labels]
similar, everything = soft_similarities(labels, labels), torch.arange(len(labels))
scaled = (features - features.mean(dim=0)) / (features - features.mean(dim=0)).std()
outputs = {}
for gamma in (0.0, 2000.0):
    torch.manual_seed(0)
    layer = nn.Linear(features.shape[1], 24)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=40, line_search_fn="strong_wolfe")

    def closure(layer=layer, gamma=gamma):
        """The loss of all photos, and its gradient in the layer."""
        layer.zero_grad()
        value = asymmetric_loss(layer(scaled).tanh(), targets, similar, everything, gamma)
        value.backward()
        return value

    optimizer.step(closure)
    outputs[gamma] = layer(scaled).tanh().detach()
    right = (binarize(outputs[gamma]) == targets).double().mean()
    print(f"gamma {gamma:.0f}: {right:.0%} of the bits are right")
figure = Figure(figsize=(7, 3), layout="constrained")
axes = figure.subplots()
for (gamma, rows), dashes in zip(outputs.items(), ("--", "-"), strict=True):
    counts, edges = np.histogram(rows.flatten(), bins=40, range=(-1, 1), density=True)
    axes.stairs(counts, edges, linestyle=dashes, linewidth=2, label=f"gamma = {gamma:.0f}")
axes.set(title="Outputs of the layer", xlabel="output", ylabel="density")
axes.legend(handlelength=3)
inside = {gamma: (rows.abs() < 0.5).double().mean() for gamma, rows in outputs.items()}
alt = f"""Histograms of outputs between -1 and 1. Nearer to 0 than to a bit are {inside[0.0]:.0%}
without the second sum, and {inside[2000.0]:.0%} with it."""
show(figure, alt)

# %% [markdown]
# ## 8 Codes, one bit at a time
#
# Now the other side: the network rests, find the codes $V$. In one column $k$, that is bit $k$ of
# all images, with all other columns fixed, the objective is *linear*: $v_{jk}^2 = 1$, so the square
# adds nothing. What remains is $-2 \sum_j v_{jk} a_{jk}$ with
#
# $$ a_k = C\,(S^\top U)_k + \gamma\, \bar U_k - \hat V \hat U^\top U_k, \qquad v_k =
#    \operatorname{sign}(a_k), $$
#
# where $\bar U$ is $(N, C)$ and holds the outputs in the rows $\Omega$, 0 elsewhere, and a hat
# leaves column $k$ out. So each column has a best value in closed form. One sweep goes through all
# columns; **later ones see those before**. All columns at once would each answer to the others' old
# values.
#
# What the checks look at: `products` is $S^\top U$, $(N, C)$, from the given
# `similarity_products`, which never makes the $M \times N$ matrix. The result is $(N, C)$, exactly
# −1 and +1; where $a_{jk} = 0$ the old bit stays. The input codes stay as they are. A loop over
# *bits* is right; one over images is not needed.

# %% exercise="update_codes"

# %% [markdown]
# The objective for the outputs above, with $\gamma = 200$, from random codes (before any sweep),
# sweep by sweep: your columns one after the other, and the same formula for all columns at once.


# %% name="picture-update_codes" needs="l2_normalize binarize asymmetric_loss update_codes"
rows = outputs[2000.0]
products, other = similarity_products(rows, labels, labels)
squares = soft_similarities(labels, labels).double().square().sum().item()


def objective(codes):
    """Of the codes, for these outputs, a pair of images."""
    return asymmetric_objective(codes, rows, everything, products, squares) / len(rows) ** 2


def all_at_once(codes):
    """Every bit by the old values of all others."""
    between = rows.T @ rows
    others = codes @ between - codes * between.diagonal()
    return binarize(codes.shape[1] * products + 200 * rows - others)


start = binarize(torch.randn(rows.shape, generator=torch.Generator().manual_seed(4)))
curves = {}
sweeps = {"one after the other": lambda codes: update_codes(codes, rows, everything, products),
          "all at once": all_at_once}  # fmt: skip
for name, sweep in sweeps.items():
    codes_now = start.clone()
    curves[name] = [objective(codes_now)]
    for _ in range(8):
        codes_now = sweep(codes_now)
        curves[name].append(objective(codes_now))
title = "Sweeps over the codes"
show(loss_curves(curves, xlabel="sweeps", first=0, ylabel="objective a pair", title=title))
print("after 8 sweeps:", ", ".join(f"{name} {values[-1]:.2f}" for name, values in curves.items()))

# %% [markdown]
# `AsymmetricHashing` alternates: a sample, a few passes of one linear layer with your loss, then
# your update, 15 times. Two ways to search with it: the database's codes by the layer, too (as for
# any new image), or the **learnt** ones. Those have seen the database's labels directly. For an
# image whose label is known that is fair; part of the distance between the two lines is that, and
# no merit of the network.

# %% name="asymmetric" needs="binarize lsh itq_rotation_step asymmetric_loss update_codes"
settings = AlternationSettings(rounds=2 if QUICK else 15, learning_rate=3e-3)
ways = "asymmetric, both by the layer", "asymmetric, learnt database"
found |= {way: {} for way in ways}
hashers = {
    bits: AsymmetricHashing(bits, settings=settings).fit(features, labels) for bits in LENGTHS
}
for bits, hasher in hashers.items():
    new = hasher.transform(query_features)
    found[ways[0]][bits] = precision_of(new, hasher.transform(features))
    found[ways[1]][bits] = precision_of(new, hasher.codes_)
print(f"after {settings.rounds} rounds, at 12, 24, 48 bits:")
for name, values in found.items():
    print(f"{name:30}", *(f"{value:.3f}" for value in values.values()))

# %% name="picture-asymmetric" needs="update_codes"
show(precision_curves(found, level=float_precision))

# %% [markdown]
# Five queries, and what 24 bits find for each in the database, by the learnt codes. For some
# nearly all are hits, for others nothing but birds of the genus: the mean of the curves hides that.

# %% name="gallery" needs="hamming_distances pack_codes update_codes"
picked = torch.arange(7, len(query_photos), 180)
new = hashers[24].transform(query_features[picked])
distances = hamming_distances(pack_codes(new), pack_codes(hashers[24].codes_))
near, nearest = (part[:, :7] for part in distances.sort(dim=1, stable=True))
hits = labels[nearest] == query_labels[picked][:, None]
title = "Nearest codes of 24 bits"
found_photos = [photos[row] for row in nearest]
show(
    retrieval_gallery(
        query_photos[picked],
        found_photos,
        hits,
        near,
        same="species",
        measure="bits that differ",
        title=title,
    )
)

# %% [markdown]
# ## 9 Channels that look at each other
#
# Features were given so far. **SEMICON** learns them together with the code, and asks of each part
# of an image what it adds. One of its two ideas you build here, the **channel transformer**. A
# feature map has $C$ channels, and each is a picture of where something is. Which channels light up
# at the same places? Within a head of $c = C/G$ channels, with queries, keys and values $Q, K, V$
# of shape $(c, HW)$,
#
# $$ A = \operatorname{softmax}\!\big(\varphi(Q K^\top / \sqrt{c})\big), \qquad
#    X \leftarrow X + A V, \qquad \varphi(t) = \operatorname{sign}(t)\,(\sqrt{|t| + \varepsilon} -
#    \sqrt{\varepsilon}). $$
#
# (Inner products of whole maps are large; without $\varphi$ the softmax would pick one channel.)
# `ChannelAttention(channels, groups)` is given and does that much, without the residual. What is
# missing is how heads come to know of each other:
#
# 1. attention within the $G$ heads, plus its input; batch normalisation: call the result $Y$;
# 2. the channels stand head by head, $(G, c)$. Put them place by place, $(c, G)$, and ReLU;
# 3. attention in $c$ groups of $G$ channels: the same place in all heads;
# 4. put the channels back, $(G, c)$, and add $Y$.
#
# Mind the order of channels in step 4: the published code adds $Y$ to channels in another order.
# (It also overwrites $Y$ by an in-place ReLU.) The constructor is given, `forward` is yours. What
# the checks look at: shape and dtype in and out are the same, $(N, C, H, W)$; with both attentions
# giving 0 it *is* its batch normalisation; in evaluation mode an image's output does not depend on
# the other images, and shuffling the places of a map shuffles the output alike; every weight gets
# a gradient; inputs that are not 4-dimensional, or channels that the heads do not divide, are
# refused.

# %% exercise="channel_transformer"

# %% [markdown]
# SEMICON in small: the trunk of the classifier, your transformer at the end of the last stage, and
# three **stages of attention**. Each is a mask over the places of the map; where one has looked,
# the features are damped for the next. It is trained by the alternation for a few rounds.

# %% name="semicon" needs="asymmetric_loss update_codes channel_transformer"
torch.manual_seed(0)
network = SEMICON(copy.deepcopy(classifier.embedder.backbone), 24).to(choose_device())
rounds = AlternationSettings(
    rounds=1 if QUICK else 3, epochs=1 if QUICK else 2, learning_rate=5e-3, sample_size=900
)
learnt = learn_asymmetric(network, photos[::9] if QUICK else photos,
                          labels[::9] if QUICK else labels, rounds)  # fmt: skip
first, last = learnt.objectives[0][0], learnt.objectives[-1][1]
print(f"objective a pair: {first:.2f} before the first update, {last:.2f} after the last")

# %% [markdown]
# Where the stages look, as colours over the photo: a map is dark at its lowest value, and bright
# where its highest tenth is. Rings mark the bird's parts, which the network was never told. The
# number is the attention at the parts, as a multiple of what an even mask would give. After 90
# steps it is a beginning, no more. Does a stage look where the one before did not? It may look at
# the same places, too: damping weakens what was seen, and forbids nothing.

# %% name="picture-channel_transformer" needs="channel_transformer"
looked_at = torch.arange(2, 900, 10)
device = next(network.parameters()).device
with torch.no_grad():
    masks = network.attention_maps(photos[looked_at].to(device)).cpu()
parts = [database.parts_in(i, size=48, crop="box") / [48, 48, 1] for i in looked_at.tolist()]
names = ["stage 1", "stage 2", "stage 3"]
some, title = slice(1, None, 16), "Where SEMICON looks"
show(attention_gallery(photos[looked_at[some]], masks[some], parts[some], names=names, title=title))
side = masks.shape[2]
at_parts = []
for mask, places in zip(masks, parts, strict=True):
    x, y = (side * places[places[:, 2] > 0, :2]).astype(int).clip(max=side - 1).T
    at_parts.append(mask[:, y, x].mean(dim=1) * side**2)
means = torch.stack(at_parts).mean(dim=0).tolist()
print("attention at a part, 1 if even:", *(f"{value:.2f}" for value in means))

# %% [markdown]
# ## 10 What does a bit mean?
#
# A bit that splits the database in two may follow a visible attribute: a red crown, a forked tail.
# The network was told species only. How much does bit $k$ tell of attribute $a$? The **mutual
# information** counts it, in bits:
#
# $$ I(k, a) = \sum_{x = \pm 1} \sum_{y = 0, 1} p(x, y) \log_2 \frac{p(x, y)}{p(x)\,p(y)}. $$
#
# The $p$ are shares of the images. It is 0 if the bit is as often set with the attribute as
# without, and 1 if each determines the other and both are set for half of the images. It does not
# mind which side is which.
#
# What the checks look at: `codes` $(N, C)$ of ±1, `attributes` $(N, A)$ bool; the result is
# $(C, A)$ float64, and never below 0. Terms with $p(x, y) = 0$ count 0. The number of operations
# must not grow with the bits and attributes: four matrix products count all pairs.

# %% exercise="bit_attribute_information"

# %% name="picture-bit_attribute_information" needs="update_codes bit_attribute_information"
attributes = torch.tensor(database.attributes)
learnt_bits = hashers[24].codes_
information = bit_attribute_information(learnt_bits, attributes)
title = "What the 24 learnt bits tell of 88 attributes"
show(information_heat_map(information, database.attribute_names, title=title))
random_bits = LSH(24).fit(features).transform(features)
by_chance = bit_attribute_information(random_bits, attributes)
print(
    f"the strongest pair: learnt {information.max():.2f} bits, LSH {by_chance.max():.2f}", end="; "
)
print(f"mean of the best attribute of each bit: {information.amax(dim=1).mean():.2f}", end=" and ")
print(f"{by_chance.amax(dim=1).mean():.2f}")

# %% [markdown]
# Nothing in the objective asks a bit to mean something, and LSH's random bits tell even more on
# average. How? A genus shares most of its attributes. A bit that splits the genera in two tells
# much of many attributes, and nothing of the species within a genus. Learnt bits must tell species
# apart, so most of them run across the genera. (Methods such as A²-Net add terms to the objective
# that shall make bits attributes; a table like this is how to find out whether they did.)
#
# The three bits that follow an attribute most. On the left photos from the side of the bit that has
# the attribute more often, on the right from the other; below its name, the attribute's share on
# either side. Can you see what the name says?

# %% name="aligned" needs="bit_attribute_information"
draws = torch.Generator().manual_seed(5)
aligned = information.amax(dim=1).argsort(descending=True)[:3].tolist()
chosen, rows_of, sides_of, names_of = [], [], [], {}
for bit in aligned:
    column = int(information[bit].argmax())
    parts_of_bit = [(learnt_bits[:, bit] == side).nonzero()[:, 0] for side in (1, -1)]
    shares = [attributes[part, column].double().mean().item() for part in parts_of_bit]
    kind, value = database.attribute_names[column].removeprefix("has_").split("::")
    names_of[bit] = f"bit {bit}\n{kind}\n{value}\n{max(shares):.0%} | {min(shares):.0%}"
    for place, side in enumerate(np.argsort(shares)[::-1]):
        part = parts_of_bit[side]
        chosen += part[torch.randperm(len(part), generator=draws)[:6]].tolist()
        rows_of += [bit] * 6
        sides_of += [place] * 6
figure = batch_montage(
    photos[chosen],
    rows_of,
    sides_of,
    category_names=names_of,
    product_names={0: "more often", 1: "less often"},
    title="Three bits and the attributes that they follow most",
)
figure.axes[0].set(ylabel="bit and attribute", xlabel="photos from either side of the bit")
show(figure)

# %% [markdown]
# ## To play with
#
# Predict before you run: how far down can the code go?

# %% name="experiment" needs="asymmetric_loss update_codes"
short = AsymmetricHashing(6, settings=settings).fit(features, labels)
value = precision_of(short.transform(query_features), short.codes_)
print(f"6 bits for 60 species, learnt database: {value:.3f}")

# %% [markdown]
# - **Lengths** 4, 8, 96. How many codes are there for 60 species?
# - **γ**: `AlternationSettings(rounds=15, learning_rate=3e-3, gamma=1)`, or 5000.
# - **Genera in place of species**: fit with `torch.tensor(database.category_ids)`, and look at
#   `precision_of`. What happened to species, and why?
# - **More rotation**: `ITQ(24, n_steps=0)` against 5 and 50.

# %% [markdown]
# ## Questions
#
# Answer in your own words, in four to eight sentences each.

# %% [markdown] question="lengths" points=8
# **Lengths.** Use your picture of mean average precision against code length.
#
# 1. LSH gains by more and more bits, ITQ soon no longer. Why does LSH need many bits? And why can
#    more bits stop helping ITQ?
# 2. Codes of 48 bits by the layer are better than the 128 float numbers that they were made from.
#    How can fewer bits hold more?
# 3. Somebody reports 0.9 where you found 0.3, for the same codes. Name two choices about the
#    measure that could explain part of it.

# %% [markdown] model_answer="lengths"
# 1. Each bit of LSH is an independent coin that agrees with probability 1 − θ/π: the distance
#    estimates the angle, with a deviation that falls with the root of the number of bits. In the
#    limit it ranks as the float vectors do. ITQ's bits come from principal axes in order of
#    variance: further axes vary little, or hold noise, and each bit counts as much as the first.
# 2. The bits were chosen with the species' labels; the float vectors rank by all that varies,
#    including pose, light and size. Throwing away what does not matter can make a ranking better.
#    It is no gain of information, but a better choice of what to keep.
# 3. Any two of: how ties are ordered (relevant first); the first k ranks only; the divisor (found
#    in place of relevant items); queries without a hit left out; learnt codes of the database that
#    have seen labels; queries that are in the database themselves; genera in place of species.

# %% [markdown] rubric="lengths"
# - 3 points: LSH estimates an angle, with noise that more bits average out (2; 1 for "random" with
#   no reason); later principal axes carry little or noise, yet count as a whole bit (1).
# - 3 points: supervised, labels (2); something irrelevant is thrown away (1).
# - 2 points: one for each valid choice.

# %% [markdown] question="asymmetry" points=8
# **Two sides.** Use sections 7 to 10.
#
# 1. The database's codes are variables, and only queries have a network. What does that save, for a
#    database of ten million images? What must be done when one image is added?
# 2. Your picture of section 8 compares columns one after the other with all at once. Why can the
#    first never rise? What can happen with the second?
# 3. A bit that tells an attribute perfectly is easy to explain. Would 24 such bits be good for
#    search? Say what the heat map suggests, and one thing that it cannot show.

# %% [markdown] model_answer="asymmetry"
# 1. The network sees only samples of the database (2000 a round), not ten million images at each
#    pass, and the codes of all are found by sums over the sample, with no gradient. A new image has
#    no learnt code: it gets that of the network, as a query does, or, if its label is known, one
#    from another update with all else fixed.
# 2. With all other columns fixed a column is set to its best value, so the objective falls or
#    stays; the next column starts from there. All at once every column answers to the old values of
#    the others: several correct the same error together, overshoot, and the objective may rise or
#    go to and fro between two states.
# 3. Not by itself. Bits must also differ from each other (24 bits of the same attribute are one
#    bit), split the database evenly, and together tell species apart. The heat map shows one or
#    two bits that follow attributes closely and many that follow none: species are told apart by
#    combinations. It looks at one bit and one attribute at a time: not at combinations, nor at
#    causes (a genus shares many attributes, so a bit that follows the genus follows them all).

# %% [markdown] rubric="asymmetry"
# - 3 points: passes of the network over the database are saved (1), a sample and closed-form codes
#   instead (1); a new image's code by the network or another update (1).
# - 3 points: each column is a minimum given the others (2); at once may overshoot, rise or cycle
#   (1).
# - 2 points: bits must differ or work together (1); one thing a table of single pairs cannot show
#   (1).

# %% [markdown]
# ## In this notebook you built
#
# - `binarize`, `pack_codes`, `hamming_distances`: codes, and search among them;
# - `average_precision_at_k`: what a ranking with ties is worth;
# - `LSH` and `itq_rotation_step`: codes without labels;
# - `asymmetric_loss` and `update_codes`: codes with labels, one side at a time;
# - `ChannelTransformer`: channels that look at each other;
# - `bit_attribute_information`: what a bit has to say.
