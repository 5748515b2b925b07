# %% [markdown]
# # 06 Smooth-AP
#
# The losses so far look at pairs and triplets. The figure that search is judged by looks at whole
# **rankings**: average precision. Why not train what is measured? Because a ranking has no
# gradient. **Smooth-AP** (Brown et al., 2020) gives it one. This notebook builds the measure, the
# loss that stands in for it, and a form of that loss which needs a fraction of the memory.
#
# ```text
#                                              YOU ARE HERE
#  photos --> batches --> embeddings --> [ a loss of rankings ] --> search
#               01            04             06 (beside 03)         04, 05
# ```
#
# Plan about two hours: three exercises of 15, 25 and 30 minutes, and two questions. The cells that
# train take about a minute and a half on two cores.

# %% [markdown]
# ## Words
#
# A query $q$ has a **similarity** $s_i$ to each image $i$, here the cosine of their embeddings: the
# higher, the nearer. $P$ are its **relevant** images (those of its product), $\Omega$ all of them.
# The **rank** $R(i, S)$ of image $i$ within a set $S$ is 1 plus the number of images of $S$ that
# are more similar to the query. The **temperature** $\tau$ says how sharp a soft comparison is.

# %% name="setup"
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from autograder.student import NotDoneYet, check, needs
from course_lib.distances import l2_normalize
from course_lib.validation import (
    require_embeddings,
    require_integers,
    require_labels,
    require_positive,
    require_scores,
)

# %% [markdown]
# ## The data
#
# The guide of notebook 04: 30 species to a genus, 12 photos of each. The first ten species of each
# genus are for training, the last ten for the figures; two photos of a species are searched in.
# `pretrained` is a classifier of genera, as in notebook 04. Training it takes 15 to 25 seconds.

# %% name="birds"
import copy
import os

from matplotlib.figure import Figure
from torch.utils.data import TensorDataset

from course_lib.datasets import read_cub
from course_lib.evaluation import EvaluationSet, mean_average_precision, recall_at_k
from course_lib.networks import Classifier, Embedder, freeze_batch_norm
from course_lib.sampling import CategoryProductBatchSampler
from course_lib.training import (
    Objective,
    ShuffledBatches,
    Trainer,
    TrainingSettings,
    classification_objective,
    embed,
    mirror_and_shift,
    training_step,
)
from course_lib.visualization import show
from data_scripts import DATA
from data_scripts.birds import make_many_birds

QUICK = "COURSE_QUICK" in os.environ  # a rehearsal of a few steps, for tests of this notebook
folder = DATA / "many-birds"
sets = make_many_birds(folder)
guide = read_cub(folder)
birds = guide.subset(guide.product_ids % 30 < 10)  # a genus's species are numbered one by one
every = slice(None, None, 5 if QUICK else 1)


def pictures(photos):
    """Images of 48 pixels, and their product ids."""
    return photos.tensor(size=48, crop="box"), torch.tensor(photos.product_ids)


training = TensorDataset(*pictures(birds))
query_photos, found_photos = EvaluationSet.read(sets / "test_dataset.pickle").select(guide, folder)
test_query, test_found = pictures(query_photos.subset(every)), pictures(found_photos)
print(f"{len(birds)} photos to train on; to test, {len(query_photos)} queries", end=" ")
print(f"in {len(test_found[0])} photos")

# %% name="pretrain" needs="l2_normalize"
torch.manual_seed(0)
classifier = Classifier(Embedder(), len(guide.category_names))
Trainer(
    classifier,
    TensorDataset(training.tensors[0], torch.tensor(birds.category_ids)),
    ShuffledBatches(len(birds), batch_size=64),
    classification_objective(),
    TrainingSettings(
        steps=4 if QUICK else 132,
        optimizer="sgd",
        learning_rate=0.05,
        weight_decay=5e-4,
        schedule="one-cycle",
    ),
    augment=mirror_and_shift,
).run()
pretrained = classifier.embedder
query_rows, found_rows = (embed(pretrained, part[0]).cpu() for part in (test_query, test_found))
similarities = query_rows @ found_rows.T
relevant = test_query[1][:, None] == test_found[1]

# %% [markdown]
# ## 1 Average precision
#
# Walk down the ranking of a query. At each relevant image stop and look up: which share of the
# images up to here is relevant? The mean of these shares, over the relevant images, is the
# **average precision**. Two ranks of each relevant image say it all: that among the relevant
# images, and that among all.
#
# $$ \mathrm{AP} = \frac{1}{|P|} \sum_{i \in P} \frac{R(i, P)}{R(i, \Omega)}, \qquad
#    R(i, S) = 1 + \sum_{j \in S} \mathbf{1}[\, s_j > s_i \,]. $$
#
# It is 1 if all relevant images come first. Early mistakes cost more than late ones.
#
# What the checks look at: `similarities` and `relevant` are $(Q, R)$, a row for each query, and the
# result is $(Q,)$, of the dtype of the similarities, within 1e-5. Equally similar images **share
# the better rank**, since neither is *more* similar. Where nothing is relevant the result is `nan`.
# There is no Python loop.

# %% exercise="average_precision"

# %% [markdown]
# Three test queries, and where their two relevant images stand among all 240. The number is the
# average precision by your function. Note how little it says about what comes late.

# %% name="picture-average_precision" needs="average_precision"
precisions = average_precision(similarities, relevant)
ordered = precisions.argsort()
chosen = [int(ordered[-1]), int(ordered[len(ordered) * 3 // 4]), int(ordered[len(ordered) // 3])]
figure = Figure(figsize=(8, 2.8), layout="constrained")
axes = figure.subplots()
for row, query in enumerate(chosen):
    places = relevant[query, similarities[query].argsort(descending=True)].nonzero()[:, 0] + 1
    axes.plot([1, 240], [row, row], color="0.8", zorder=0)
    axes.scatter(places, [row] * len(places), color="#1b4965", s=60)
axes.set_yticks(range(3), [f"AP {precisions[query]:.2f}" for query in chosen])
axes.set(title="Where the relevant images stand", xlabel="rank among 240 images", xscale="log")
axes.set_xticks((1, 2, 5, 10, 20, 50, 100, 240), ("1", "2", "5", "10", "20", "50", "100", "240"))
axes.invert_yaxis()
alt = f"""Ranks of the two relevant images of three queries, on a logarithmic scale. Their average
precisions are {", ".join(f"{precisions[query]:.2f}" for query in chosen)}."""
show(figure, alt)
print(f"mean average precision of the genus classifier: {precisions.nanmean():.3f}")

# %% [markdown]
# ## 2 A ranking with a gradient
#
# Move one image a little: nothing happens to the ranking, until it jumps past another. So the
# average precision is flat nearly everywhere, and its gradient is 0. The step $\mathbf{1}[s_j >
# s_i]$ is to blame. Smooth-AP puts a sigmoid in its place,
#
# $$ G(x) = \frac{1}{1 + e^{-x / \tau}}, \qquad
#    \tilde R(i, S) = 1 + \sum_{j \in S,\, j \ne i} G(s_j - s_i), \qquad
#    L = 1 - \frac{1}{B} \sum_q \frac{1}{|P_q|} \sum_{i \in P_q}
#    \frac{\tilde R(i, P_q)}{\tilde R(i, \Omega)}. $$
#
# The steps look like this. A small temperature is closer to the step, but its slope is 0 beyond a
# few $\tau$: pairs that are ranked clearly wrong learn as little as those ranked clearly right.

# %% name="sigmoids"
apart = torch.linspace(-0.25, 0.25, 501)
figure = Figure(figsize=(9, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
for temperature, dashes in ((0.1, ":"), (0.03, "--"), (0.01, "-")):
    soft = torch.sigmoid(apart / temperature)
    left.plot(apart, soft, dashes, color="#1b4965", label=f"τ = {temperature}")
    right.plot(apart, soft * (1 - soft) / temperature, dashes, color="#1b4965")
left.set(title="G, in place of the step", xlabel="similarity of j minus that of i")
right.set(title="Its slope", xlabel="similarity of j minus that of i")
left.legend(handlelength=3)
alt = """Left: sigmoids for three temperatures, the smallest nearly a step. Right: their slopes, a
hill at 0 that is higher and narrower the smaller the temperature."""
show(figure, alt)

# %% [markdown]
# The rules, as the checks have them:
#
# - **Every image of the batch is a query**, and searches in the batch. As published, the query
#   itself is one of its relevant images, and is ranked (it comes first).
# - **Labels decide**, and may come in any order. (The published code takes it that images of a
#   product stand side by side, and trains on noise, silently, if they do not.)
# - An image **alone of its product** is no query, but the others rank it.
# - Similarities are cosines: `embeddings` may have any length, so normalise first.
# - $j = i$ is left out of the sums: an image is not compared with itself.
# - The result is a scalar. If there is no query it is a zero that accepts `backward()`.
#
# Follow the shapes: $(B, B)$ similarities, $(B, B, B)$ comparisons, $(B, B)$ ranks, $(B,)$
# precisions. Values are checked within 1e-5 in float32 and 1e-10 in float64, gradients within 1e-9.

# %% exercise="dense_smooth_ap_loss"

# %% [markdown]
# Seven images on a circle, two of one product; one of the two walks away from the other. As it
# passes images of other products, the loss by the exact precision takes steps. With a small
# temperature yours follows them; the bumps are where two images are about equally similar, and each
# counts half. With a large temperature it hardly knows the steps, but shows the way from afar.

# %% name="picture-dense_smooth_ap_loss" needs="average_precision dense_smooth_ap_loss"
angles = torch.tensor([0.0, 0.3, 0.7, 1.2, 1.8, 2.5])
walk = torch.linspace(0.02, 3.1, 180)
labels = torch.tensor([0, 1, 2, 3, 4, 5, 0])  # the last image is the one that walks


def on_circle(at):
    """Embeddings at angles, the walking image the last."""
    turned = torch.cat([angles, at.reshape(1)])
    return torch.stack([turned.sin(), turned.cos()], dim=1)


figure = Figure(figsize=(7.5, 3.6), layout="constrained")
axes = figure.subplots()
exact = []
for at in walk:
    rows = on_circle(at)
    cosines = rows @ rows.T
    both = average_precision(cosines[[0, 6]], (labels[:, None] == labels)[[0, 6]])
    exact.append(1 - both.mean())
axes.plot(walk, exact, color="0.6", linewidth=3, label="exact")
for temperature, dashes in ((0.3, ":"), (0.1, "--"), (0.01, "-")):
    soft = [dense_smooth_ap_loss(on_circle(at), labels, temperature) for at in walk]
    axes.plot(walk, soft, dashes, color="#1b4965", label=f"τ = {temperature}")
axes.set(title="A relevant image walks away", xlabel="angle from the other", ylabel="loss")
axes.legend(handlelength=3)
alt = """Loss against the angle of the walking image. The exact loss is a staircase; that with
temperature 0.01 follows it, with 0.1 it is rounded, with 0.3 a smooth slope."""
show(figure, alt)

# %% [markdown]
# ## 3 The same, with less
#
# $B^3$ comparisons: for a batch of 384 these are 57 million, 216 MB for each tensor of them, and
# autograd keeps several. Users of the published code could not fit that batch beside their network.
#
# But look at what is used. Only the ranks of *relevant* images enter the sum, $P$ of them for each
# query, and you computed all $B$. So list the **pairs** of a query and one of its relevant images,
# and make one row of $B$ comparisons for each: $B^2 P$ in all. For $P = 4$ that is a hundredth of
# the work, with equal value and equal gradient.
#
# - $j = i$ is now one entry of each row. It gives $G(0) = \tfrac12$, with no gradient: take it off
#   the sum.
# - `count_query=False` leaves the query out of its relevant images *and* of the ranks, as a search
#   would. (Set its similarity to itself to $-\infty$: it stands above nothing.)
# - `chunk_size` is the number of pairs computed at a time. So that the memory of a chunk is really
#   given back, call it through `checkpoint(function, q, i, use_reentrant=False)`: the backward pass
#   then computes it again, rather than keeping it. A loop over *chunks* is fine.

# %% exercise="smooth_ap_loss"

# %% [markdown]
# Is it the same? Embeddings of 96 photos, by both of your functions.

# %% name="same" needs="dense_smooth_ap_loss smooth_ap_loss"
rows = torch.cat([query_rows[:48], found_rows[:48]]).double()
labels = torch.cat([test_query[1][:48], test_found[1][:48]])
for name, loss in (("dense", dense_smooth_ap_loss), ("lean", smooth_ap_loss)):
    leaf = rows.clone().requires_grad_()
    value = loss(leaf, labels)
    value.backward()
    print(f"{name:6} loss {value.item():.12f}, length of the gradient {leaf.grad.norm():.12f}")

# %% name="picture-smooth_ap_loss" needs="smooth_ap_loss"
sizes = torch.tensor([16, 32, 64, 112, 384, 1024, 4096])
figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.subplots()
axes.plot(sizes, sizes.double() ** 3 * 4 / 2**20, "s--", color="0.5", label="dense, B³")
axes.plot(sizes, sizes.double() ** 2 * 16 / 2**20, "o-", color="#1b4965", label="lean, B²P")
axes.axhline(32 * 1024, color="#b3261e", linewidth=1)
axes.text(16, 36 * 1024, "a GPU of 32 GB", color="#b3261e", va="bottom")
axes.set(xscale="log", yscale="log", xlabel="images in the batch, 4 of each product")
axes.set(title="One tensor of comparisons in float32", ylabel="MiB", ylim=(None, 1e6))
axes.legend(handlelength=3, loc="lower right")
alt = """Memory of the comparisons against the batch size, both axes logarithmic. The dense form
passes 32 GB before 4096 images, the lean one stays at a quarter of a GB."""
show(figure, alt)

# %% [markdown]
# ## 4 What a batch can tell
#
# The loss ranks the *batch*, not the collection. How good an estimate is it? Take the 1440 training
# photos by the pretrained network. The dashed line is the average precision over all of them. The
# marks are 1 minus your loss, in batches of 64 that hold few images of many products, or many of
# few.

# %% name="composition" needs="batch_sampler average_precision smooth_ap_loss"
rows = embed(pretrained, training.tensors[0]).cpu()
labels = training.tensors[1]
cosines = rows @ rows.T
others = (labels[:, None] == labels).fill_diagonal_(False)
parts = zip(cosines.fill_diagonal_(-torch.inf).split(48), others.split(48), strict=True)
# A part at a time: an answer that compares all items for every query would need gigabytes.
whole = torch.cat([average_precision(*part) for part in parts]).mean().item()
kinds = {2: (4, 8), 4: (4, 4), 8: (4, 2)}  # images of a product: categories, products of each
estimates = {True: [], False: []}
for images, (categories, products) in kinds.items():
    sampler = CategoryProductBatchSampler(
        birds.category_ids,
        birds.product_ids,
        n_categories=categories,
        n_products=products,
        n_images=images,
    )
    batches = [batch for _, batch in zip(range(12), sampler, strict=False)]
    for count_query, found in estimates.items():
        losses = [
            smooth_ap_loss(rows[batch], labels[batch], count_query=count_query) for batch in batches
        ]
        found.append(1 - torch.stack(losses).mean().item())
print(f"all photos {whole:.2f};", end=" ")
print("batches with 2, 4, 8 of a product", *(f"{value:.2f}" for value in estimates[True]), end="; ")
print("without the query", *(f"{value:.2f}" for value in estimates[False]))

# %% name="picture-composition" needs="average_precision smooth_ap_loss"
figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.subplots()
for count_query, style, name in ((True, "o-", "query counted"), (False, "s--", "query left out")):
    axes.plot(list(kinds), estimates[count_query], style, color="#1b4965", label=name)
axes.axhline(whole, color="0.5", linestyle="--", linewidth=1)
axes.text(8, whole + 0.02, "all photos", ha="right")
axes.set(title="Average precision within batches of 64", xlabel="images of each product (P)")
axes.set(xticks=list(kinds), ylim=(0, 1), ylabel="1 - loss")
axes.legend(handlelength=3)
alt = f"""Mean smooth average precision in batches with 2, 4 and 8 images of each product, with the
query counted and without; over all photos it is {whole:.2f}."""
show(figure, alt)

# %% [markdown]
# ## 5 Against triplets
#
# Now train. Both start from the classifier of genera, with frozen batch normalisation, and see the
# same batches: once with your step of notebook 04, once with your Smooth-AP. 40 seconds each.


# %% name="train" needs="batch_sampler k_nearest freeze_batch_norm training_step smooth_ap_loss"
def figures_of(network):
    """Recall at 1 and mean average precision on the test species, in per cent."""
    query, found = (embed(network, part[0]).cpu() for part in (test_query, test_found))
    search = query, test_query[1], found, test_found[1]
    return 100 * recall_at_k(*search, 1), 100 * mean_average_precision(*search)


def finetune(step, *, steps=200, n_products=4, n_images=4, **changed):
    """A copy of the pretrained network, trained with a step; and the log of its training."""
    network = copy.deepcopy(pretrained)
    freeze_batch_norm(network)
    sampler = CategoryProductBatchSampler(
        birds.category_ids,
        birds.product_ids,
        n_categories=4,
        n_products=n_products,
        n_images=n_images,
    )
    settings = TrainingSettings(
        **{"steps": 4 if QUICK else steps, "learning_rate": 1e-3, **changed}
    )
    outcome = Trainer(network, training, sampler, step, settings, augment=mirror_and_shift).run()
    return network, outcome.log


smooth_ap_step = Objective(lambda embeddings, labels, _: smooth_ap_loss(embeddings, labels))
by_triplets, _ = finetune(training_step)
by_smooth_ap, log = finetune(smooth_ap_step)
print(f"after {len(log.steps)} batches")
networks = {"pretrained": pretrained, "triplets": by_triplets, "Smooth-AP": by_smooth_ap}
for name, network in networks.items():
    print("{:11} recall@1 {:.1f} %, mAP {:.1f} %".format(name, *figures_of(network)))

# %% name="picture-train" needs="smooth_ap_loss"
losses = torch.tensor([step.loss for step in log.steps])
width = min(10, len(losses))
means = losses.unfold(0, width, 1).mean(dim=1)
figure = Figure(figsize=(7, 3.2), layout="constrained")
axes = figure.subplots()
axes.plot(losses, color="0.8", linewidth=1)
axes.plot(range(width - 1, len(losses)), means, color="#1b4965", label=f"mean of {width}")
axes.set(title="Smooth-AP loss of the batches", xlabel="step", ylabel="loss", ylim=(0, None))
axes.legend()
alt = f"""Loss of {len(losses)} batches: from {means[0]:.2f} at the start to {means[-1]:.2f} at the
end, as running means."""
show(figure, alt)

# %% [markdown]
# This loss does fall: no miner takes away what has been learnt. As to which loss is better, do not
# believe one run. Where we compared the two on three data sets, Smooth-AP was ahead by up to six
# points of recall on two of them and behind by one or two on the third; another seed moves these
# birds by two or three.

# %% [markdown]
# ## To play with
#
# Predict before you run: which of these helps, and why? Each takes half a minute.

# %% name="experiment" needs="smooth_ap_loss"
warmer = Objective(lambda embeddings, labels, _: smooth_ap_loss(embeddings, labels, 0.1))
network, _ = finetune(warmer, steps=100)
print("temperature 0.1, 100 steps: recall@1 {:.1f} %, mAP {:.1f} %".format(*figures_of(network)))

# %% [markdown]
# - **Temperatures** 0.1, 0.03, 0.003. The article found 0.01 best of 0.1, 0.01 and 0.001.
# - **Composition**: `n_products=8, n_images=2` or `n_products=2, n_images=8`, batches of 64 alike.
# - **Larger batches**: `n_products=8, n_images=4` are 128 images. The dense form would need eight
#   times the memory, yours four times.
# - **Without the query**: `count_query=False`.

# %% [markdown]
# ## Questions
#
# Answer in your own words, in four to eight sentences each.

# %% [markdown] question="temperature" points=10
# **The temperature.** Use the pictures of section 2.
#
# 1. Two images differ in similarity by 0.2, and the wrong one stands above. How large is the slope
#    $G'$ there for $\tau = 0.1$ and for $\tau = 0.01$? Which of the two puts it right?
# 2. Then why not take $\tau = 1$? Say what the loss measures in the limit of a large temperature.
# 3. At the start of training from random weights all cosines are close to each other; later they
#    spread. What does that suggest for the temperature?

# %% [markdown] model_answer="temperature"
# 1. $G' = G(1 - G)/\tau$. With $x/\tau = 2$: $0.88 \cdot 0.12 / 0.1 \approx 1.05$. With $x/\tau =
#    20$: $2 \cdot 10^{-9} / 0.01 \approx 2 \cdot 10^{-7}$. Only the larger temperature moves such a
#    pair; for the smaller one it is beyond reach, whatever its rank costs.
# 2. Cosines lie within $[-1, 1]$. With $\tau = 1$ all sigmoids are near ½ (0.12 to 0.88): all
#    ranks are about half the size of the set, so that the loss is nearly constant. What is left of
#    its gradient pushes similarities apart as a mean of differences would: a pair that is ranked
#    right by far counts almost as much as one at the border. It is no ranking any more.
# 3. When all cosines are close together a small temperature still reaches every pair; later pairs
#    are spread beyond it. So one may begin with any and anneal, or keep a larger one as long as
#    clearly wrong pairs are many. What counts is the spread of the similarities relative to $\tau$.
#    (Any consistent proposal with that reason.)

# %% [markdown] rubric="temperature"
# - 4 points: both slopes (2; 1 for one or for the right formula with slips), and that only the
#   larger temperature gives this pair a useful gradient (2).
# - 3 points: all sigmoids near ½ (1), loss nearly constant or no longer a ranking (2).
# - 3 points: reach of the sigmoid compared with the spread of the similarities (2), a consistent
#   consequence (1).

# %% [markdown] question="batch" points=10
# **The batch.** Use your figures of section 4.
#
# 1. With the query counted, the value for two images of a product can hardly fall below ½. Why?
# 2. Both curves are above the line of all photos. Why is a batch easier than the collection?
# 3. From 2 to 8 images of a product, with 64 images in the batch, two things change. Name them, and
#    say which of the two would make you choose a small $P$ for training.

# %% [markdown] model_answer="batch"
# 1. The query is one of its two relevant images and always ranks first: its quotient is 1 (or
#    nearly, with the sigmoid). So the mean of the two is at least ½, however bad the other is.
# 2. 64 images hold far fewer negatives than 1440, and of a query's nearest look-alikes (other
#    species of its genus) only a few are there. The rank of a relevant image in the batch is then
#    smaller than in the collection, and the precision larger.
# 3. The number of relevant images of each query rises (1 to 7 others), and the number of different
#    products, thus of negatives and of kinds of mistakes to be seen, falls (32 to 8 products). Many
#    products show more of the confusions that search will meet, for the same number of images, so
#    small $P$: the article found the same. (With $P = 2$ there is one pair for each query, so the
#    estimate is noisier; 4 is the usual choice.)

# %% [markdown] rubric="batch"
# - 3 points: the query ranks first with quotient 1 (2), half of the mean (1).
# - 3 points: fewer negatives (1), fewer hard ones (1), so better ranks than in the collection (1).
# - 4 points: more relevant images a query (1), fewer products or negatives (1), a choice with a
#   reason that refers to one of them (2).

# %% [markdown]
# ## In this notebook you built
#
# - `average_precision`: what a ranking is worth;
# - `dense_smooth_ap_loss`: the same with a gradient, as published;
# - `smooth_ap_loss`: the same value for a hundredth of the memory, whole or in chunks.
