# %% [markdown]
# # 04 Fine-tuning
#
# The network of notebook 03 started from random weights and learnt for ten seconds. In practice one
# starts from a network that has learnt something else already, mostly to classify, and
# **fine-tunes** it for search. This notebook does that with your own parts, and then asks what it
# was good for: it measures, it searches with an index as large collections need it, and it looks.
#
# ```text
#                              YOU ARE HERE                          YOU ARE HERE
#  photos --> batches --> [ embeddings ] --> distances --> triplets --> [ search ]
#               01             04               02            03          04, 05
# ```
#
# At the end you have trained weights, which you hand in, and a map of what they see. Plan about
# two and a half hours: six exercises of 15, 20, 15, 15, 20 and 10 minutes, and two questions. The
# cells that train take about two minutes on two cores.

# %% [markdown]
# ## Words
#
# To **pretrain** is to train on another task first. A **classifier** is an embedder with one more
# linear layer, its **head**, that gives a score for each class. **Batch normalisation** keeps
# **running statistics** (mean and variance of each feature, collected during training) and trains a
# **scale** and a **shift**. **Top-k accuracy** is the share of queries with an image of their own
# product among the k nearest. An **index** finds near items without measuring every distance. A
# **rung** of the **ladder** is one network, from no training to the best.

# %% name="setup"
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader, Dataset

from autograder.student import NotDoneYet, check, needs
from course_lib.distances import k_nearest, pairwise_squared_distances
from course_lib.evaluation.accuracy import Index
from course_lib.losses import triplet_loss
from course_lib.mining import semi_hard_triplets
from course_lib.networks import Embedder
from course_lib.training import TrainingStep
from course_lib.training.embedding import device_of
from course_lib.validation import (
    require_at_most,
    require_comparable,
    require_found,
    require_images,
    require_index,
    require_integers,
    require_items,
    require_labels,
    require_module,
    require_path,
    require_positive,
)

# %% [markdown]
# ## The data
#
# The birds of notebook 03 are too easy for top-5 accuracy: with ten species to a genus, a network
# that knows the genus and nothing else has a good chance that one of five is right. So here is a
# larger guide, with 30 species to a genus and 12 photos of each. The first ten species of each
# genus are for training, the next ten for choosing (**validation**), the last ten for the final
# figures (**test**). Two photos of a species are searched in, the other ten are queries.
#
# Which photo is what stands in two files, `valid_dataset.pickle` and `test_dataset.pickle`. (A
# pickle can run code when it is read. `EvaluationSet` looks through it first, and refuses all but
# plain data.)

# %% name="birds"
import copy
import os

from matplotlib.figure import Figure
from torch.utils.data import TensorDataset

from course_lib.datasets import read_cub
from course_lib.distances import l2_normalize
from course_lib.evaluation import (
    EvaluationSet,
    HNSWIndex,
    mean_average_precision,
    recall_at_k,
)
from course_lib.networks import Classifier
from course_lib.sampling import CategoryProductBatchSampler
from course_lib.training import (
    ShuffledBatches,
    Trainer,
    TrainingSettings,
    classification_objective,
    embed,
    mirror_and_shift,
    save_weights,
)
from course_lib.visualization import (
    before_after,
    embedding_explorer,
    loss_curves,
    retrieval_gallery,
    show,
    tsne,
)
from data_scripts import DATA
from data_scripts.birds import make_many_birds

folder = DATA / "many-birds"
sets = make_many_birds(folder)
guide = read_cub(folder)
birds = guide.subset(guide.product_ids % 30 < 10)  # a genus's species are numbered one by one
valid_photos = EvaluationSet.read(sets / "valid_dataset.pickle").select(guide, folder)
test_photos = EvaluationSet.read(sets / "test_dataset.pickle").select(guide, folder)
print(f"{len(birds)} photos to train on; to test, {len(test_photos[0])} queries", end=" ")
print(f"in {len(test_photos[1])} photos of {len(set(test_photos[1].product_ids))} unseen species")

# %% name="pictures"
QUICK = "COURSE_QUICK" in os.environ  # a rehearsal of a few steps, for tests of this notebook


def pictures(photos):
    """A data set of images of 48 pixels and their product ids."""
    return TensorDataset(photos.tensor(size=48, crop="box"), torch.tensor(photos.product_ids))


every = slice(None, None, 5 if QUICK else 1)
training = pictures(birds)
valid_query, valid_found = pictures(valid_photos[0].subset(every)), pictures(valid_photos[1])
test_query, test_found = pictures(test_photos[0].subset(every)), pictures(test_photos[1])

# %% [markdown]
# ## A pretrained network
#
# This part is given. The embedder of notebook 03 gets a head for the twelve genera and is trained
# with cross-entropy, as any classifier: it is told the genus of each photo, and never the species.
# It takes 15 to 25 seconds.


# %% name="pretrain" needs="l2_normalize"
def pretrain(labels, steps):
    """A new embedder with a head, trained to tell the classes apart that the labels name."""
    torch.manual_seed(0)
    classes, targets = torch.tensor(labels).unique(return_inverse=True)
    classifier = Classifier(Embedder(), len(classes))
    trainer = Trainer(
        classifier,
        TensorDataset(training.tensors[0], targets),
        ShuffledBatches(len(targets), batch_size=64),
        classification_objective(),
        TrainingSettings(
            steps=4 if QUICK else steps,
            optimizer="sgd",
            learning_rate=0.05,
            weight_decay=5e-4,
            schedule="one-cycle",
        ),
        augment=mirror_and_shift,
    )
    trainer.run()
    return classifier


genus_classifier = pretrain(birds.category_ids, steps=132)
pretrained = genus_classifier.embedder
guessed = embed(genus_classifier, test_query.tensors[0]).argmax(dim=1).cpu()
right = (guessed == test_query.tensors[1] // 30).float().mean()
print(f"unseen species: the genus is right for {right:.0%} of the test queries")

# %% [markdown]
# ## 1 Batch normalisation stays as it is
#
# A batch normalisation has two kinds of memory. In training mode every *forward pass* updates its
# running mean and variance; every *optimiser step* moves its scale and shift. Both were learnt on
# shuffled batches of all genera. Fine-tuning batches look different: four genera, four species,
# four photos of each. Their statistics are not those of the photos that the network will see in
# search. So freeze both: the layer normalises by what it has, and nothing about it changes.
#
# - `module.eval()` stops the statistics, until somebody calls `model.train()`, and every training
#   loop does. It must have no effect on these layers, however often it is called; all *other*
#   layers shall follow it.
# - `requires_grad_(False)` stops new gradients for scale and shift. An old one may still lie in
#   `.grad`, and an optimiser would take it.
#
# What the checks look at: after training, bit for bit, the running statistics, scale and shift of
# every batch normalisation, of any class that is derived from `_BatchNorm`, at any depth; that all
# other layers were trained, and were in training mode; and that freezing changed no number.

# %% exercise="freeze_batch_norm"

# %% [markdown]
# Nothing is trained here: 24 batches pass through the network in training mode, and that is all.
# The curve shows how far the embeddings of ten photos have moved from where they were. It is not
# far: on these birds pretraining and fine-tuning see the same kind of photos. But it is a noise
# that no gradient asked for, and it grows the more the batches differ.


# %% name="picture-freeze_batch_norm" needs="batch_sampler freeze_batch_norm"
def drift(freeze):
    """Mean squared distance of ten embeddings from where they were, after each of 24 passes."""
    network = copy.deepcopy(pretrained)
    if freeze:
        freeze_batch_norm(network)
    sampler = CategoryProductBatchSampler(
        birds.category_ids, birds.product_ids, n_categories=4, n_products=4, n_images=4, seed=1
    )
    images, moved = training.tensors[0], []
    start = embed(pretrained, images[::144])
    for _ in range(4):
        for batch in sampler:
            network.train()
            with torch.no_grad():
                network(images[batch].to(device_of(network)))
            rows = embed(network, images[::144])
            moved.append(float((rows - start).square().sum(dim=1).mean()))
    return moved


curves = {"statistics go on": drift(freeze=False), "frozen": drift(freeze=True)}
title = "Photos that move although nothing is learnt"
show(loss_curves(curves, ylabel="squared distance moved", title=title))

# %% [markdown]
# ## 2 One step of training
#
# Now put your parts together. A batch of $B$ images becomes embeddings $e_1, \dots, e_B$ of length
# 1. From their distances the miner picks the semi-hard triplets $T$, and the step goes downhill on
#
# $$ L = \frac{1}{|T|} \sum_{(a, p, n) \in T} \max\big(0,\ \lVert e_a - e_p \rVert^2 -
#    \lVert e_a - e_n \rVert^2 + \alpha \big). $$
#
# **All layers** are trained: the gradient goes through the loss, the normalisation and every
# convolution down to the first. But choosing is no part of the function: the miner sees the
# distances of *detached* embeddings.
#
# - Each image goes through the network once. Anchors, positives and negatives are rows of the
#   result.
# - The margin is that of the miner *and* of the loss; the generator is the miner's.
# - `backward()` adds to the gradients that are there, so they are zeroed first.
# - **No triplet, no step.** The loss would be a zero with zero gradients, but an optimiser with
#   momentum goes on moving. Return before anything moves.
# - Do not touch the mode of the model: whoever calls the step has chosen it.
# - Loss and number of triplets are plain numbers, as they were before the step. A tensor would keep
#   the whole graph alive.

# %% exercise="training_step"

# %% [markdown]
# One batch again and again, with the frozen network: it is learnt by heart. The loss of the mined
# triplets would not show it, as you know from notebook 03. Their number does.

# %% name="picture-training_step" needs="batch_sampler freeze_batch_norm training_step"
sampler = CategoryProductBatchSampler(
    birds.category_ids, birds.product_ids, n_categories=4, n_products=4, n_images=4, seed=2
)
batch = next(iter(sampler))
network = copy.deepcopy(pretrained).cpu()
freeze_batch_norm(network)
network.train()
trained_weights = [weight for weight in network.parameters() if weight.requires_grad]
optimizer = torch.optim.Adam(trained_weights, lr=1e-3)
images, labels = training.tensors[0][batch], training.tensors[1][batch]
taken = [training_step(network, optimizer, images, labels) for _ in range(4 if QUICK else 30)]
counts = [step.triplets for step in taken]
title = "One batch, learnt by heart"
show(loss_curves({"mined": counts}, ylabel="semi-hard triplets of the batch", title=title))

# %% [markdown]
# ## Fine-tuning
#
# 200 batches by your sampler, each photo mirrored and shifted a little at random. `Trainer` is the
# loop around your step. Every 50 steps it measures **mean average precision** on the validation
# species (1 if for each query all photos of its species come first), and it ends with the weights
# that were best there. The test species play no part. It takes 20 to 40 seconds.


# %% name="finetune" needs="batch_sampler k_nearest training_step freeze_batch_norm"
def on_validation(network):
    """What the weights are chosen by."""
    query, found = (embed(network, part.tensors[0]).cpu() for part in (valid_query, valid_found))
    labels = valid_query.tensors[1], valid_found.tensors[1]
    return {"mAP": mean_average_precision(query, labels[0], found, labels[1])}


def finetune(network, *, steps=200, freeze=True, step=training_step, **changed):
    """A copy of a network, trained on triplets of species; and the log of its training."""
    network = copy.deepcopy(network)
    if freeze:
        freeze_batch_norm(network)
    sampler = CategoryProductBatchSampler(
        birds.category_ids, birds.product_ids, n_categories=4, n_products=4, n_images=4
    )
    steps = 4 if QUICK else steps
    settings = {"learning_rate": 1e-3, "evaluate_every": 50} | changed
    outcome = Trainer(
        network,
        training,
        sampler,
        step,
        TrainingSettings(steps=steps, **settings),
        augment=mirror_and_shift,
        evaluate=on_validation,
    ).run()
    best, measured = outcome.best
    print(f"{steps} batches; on validation best after {best}: mAP {measured['mAP']:.3f}")
    return network, outcome.log


before_tuning = on_validation(pretrained)["mAP"]
print(f"genus classifier: mAP {before_tuning:.3f} on validation")
finetuned, log = finetune(pretrained)

# %% name="picture-finetune" needs="training_step"
figure = Figure(figsize=(9, 3.4), layout="constrained")
left, right = figure.subplots(1, 2)
left.plot([step.triplets for step in log.steps], color="#1b4965")
left.set(title="Semi-hard triplets of each batch", xlabel="step", ylim=(0, 200))
measured = {0: before_tuning} | {step: found["mAP"] for step, found in log.evaluations.items()}
right.plot(list(measured), list(measured.values()), "o-", color="#1b4965")
right.set(title="Unseen species (validation)", xlabel="step", ylabel="mean average precision")
alt = f"""Left: number of mined triplets in {len(log.steps)} steps. Right: mean average precision on
validation, from {before_tuning:.2f} before the first step to {max(measured.values()):.2f}."""
show(figure, alt)

# %% [markdown]
# ## 3 Embed a data set
#
# To measure a network, every photo must become an embedding. `embed` did that for tensors that fit
# in memory. A collection does not fit, so this one takes a `Dataset`, and has a batch of it in
# memory at a time. Four things go wrong easily:
#
# - **Order.** Row $i$ belongs to item $i$. Nothing is shuffled, nothing dropped, and the last batch
#   may be smaller.
# - **Mode.** In training mode an embedding would depend on the photos beside it. Use evaluation
#   mode, and put the mode back afterwards, whichever it was, also if an image cannot be read.
# - **Graph.** Nothing is learnt here, so no graph is kept.
# - **Device.** Images go to where the model is (`device_of(model)`); results come to the CPU.
#
# What the checks look at: embeddings within 1e-5, labels as `int64`, each item read once, and at
# most `batch_size` images at a time.

# %% exercise="embed_dataset"

# %% [markdown]
# Five queries of the test set, and what the fine-tuned network finds for them among all 240 photos.

# %% name="picture-embed_dataset" needs="k_nearest embed_dataset"
query_rows, query_labels = embed_dataset(finetuned, test_query)
found_rows, found_labels = embed_dataset(finetuned, test_found)
five = torch.arange(5) * len(test_query) // 5 + 5
far, nearest = k_nearest(query_rows[five], found_rows, 5)
hits = found_labels[nearest] == query_labels[five, None]
shown = [[test_found.tensors[0][item] for item in row] for row in nearest]
show(retrieval_gallery([test_query.tensors[0][i] for i in five], shown, hits, far))

# %% [markdown]
# ## 4 Top-k accuracy
#
# The figure of merit of the course's slides. For query $i$ with label $y_i$ let $N_k(i)$ be the
# items that the search returned:
#
# $$ \text{top-}k = \frac{1}{Q} \sum_{i=1}^{Q} \mathbf{1}\big[\, \exists\, j \in N_k(i):\
#    y_j = y_i \,\big]. $$
#
# One right item is enough, so it is not precision; and it rises with $k$. A query whose label the
# retrieval set lacks is a miss. The neighbours come from `k_nearest`, or, if an `index` is given,
# from its `search`, which may return −1 where it found nothing. Mind what `labels[-1]` is.
#
# What the checks look at: a plain `float`, within 1e-6; ties as `k_nearest` has them; and that an
# index is asked once, for all queries.

# %% exercise="top_k_accuracy"

# %% [markdown]
# Now the ladder, on the test species. Two rungs are new. **Raw pixels** are thumbnails of 16 x 16,
# no network at all. And there is another classifier, told the *species* of the training photos
# instead of the genus: as many classes as products, plain cross-entropy, and about as many images
# as the genus classifier and its fine-tuning saw together. It takes another 40 to 60 seconds.

# %% name="species-classifier" needs="embed_dataset top_k_accuracy"
species_classifier = pretrain(birds.product_ids, steps=352)

# %% name="ladder" needs="k_nearest embed_dataset top_k_accuracy"
torch.manual_seed(0)
networks = {
    "raw pixels": nn.Sequential(nn.AvgPool2d(3), nn.Flatten()),
    "untrained": Embedder(),
    "genus classifier": pretrained,
    "genus, then triplets": finetuned,
    "species classifier": species_classifier.embedder,
}
searches = {}
for name, network in networks.items():
    rows, labels = embed_dataset(network, test_query)
    items, item_labels = embed_dataset(network, test_found)
    searches[name] = l2_normalize(rows), labels, l2_normalize(items), item_labels
print("test species, in %    top-5   recall@1   mAP")
for name, search in searches.items():
    figures = top_k_accuracy(*search, 5), recall_at_k(*search, 1), mean_average_precision(*search)
    print("{:22}{:5.1f}{:10.1f}{:8.1f}".format(name, *(100 * value for value in figures)))

# %% name="picture-top_k_accuracy" needs="top_k_accuracy"
figure = Figure(figsize=(7.5, 4), layout="constrained")
axes = figure.subplots()
ks = (1, 2, 3, 5, 7, 10, 15, 20)
styles = (":", "-.", "--", "-", (0, (5, 1, 1, 1, 1, 1)))
for (name, search), style in zip(searches.items(), styles, strict=True):
    axes.plot(ks, [top_k_accuracy(*search, k) for k in ks], linestyle=style, label=name)
axes.axvline(5, color="0.7", linewidth=1)
axes.set(title="How many neighbours until one is right", xlabel="k", ylabel="top-k accuracy")
axes.set(xticks=(1, 5, 10, 15, 20), ylim=(0, 1))
axes.legend(handlelength=4)
alt = """Top-k accuracy for k from 1 to 20, a curve for each rung. From low to high: untrained, raw
pixels, genus classifier, genus then triplets, species classifier."""
show(figure, alt)

# %% [markdown]
# One run is one draw of the lot. Here is the mean of five runs with different seeds, and in
# brackets the lowest and the highest, in per cent:
#
# | | top-5 | recall@1 | mAP |
# |---|---|---|---|
# | raw pixels | 18 | 7 | 8 |
# | untrained | 11 (8 to 13) | 3 (2 to 4) | 6 (4 to 6) |
# | genus classifier | 50 (48 to 52) | 12 (12 to 13) | 24 (24 to 25) |
# | genus classifier, then triplets | 56 (53 to 59) | 18 (16 to 19) | 29 (27 to 30) |
# | species classifier | 59 (57 to 62) | 19 (16 to 22) | 31 (29 to 32) |
# | species classifier, then triplets | 64 (61 to 66) | 22 (20 to 26) | 34 (32 to 36) |
#
# Fine-tuning with triplets improved the classifier in all ten runs. But read the table to its end
# before you praise the triplet loss; a question below asks about it.

# %% [markdown]
# ## 5 What an index misses
#
# 1200 queries in 240 photos are 288 000 distances: nothing. With millions of items one gives up
# exact search. **HNSW** (Malkov & Yashunin, 2018) links each item with near ones and walks along
# the links towards the query. It measures a few hundred distances, and may miss a neighbour.
# `ef_search` says how many candidates it keeps on its way.
#
# How much does it miss? That is a question about *neighbours*, not about labels: the **neighbour
# recall** is the share of the exact $k$ nearest that are among the $k$ found,
#
# $$ \frac{1}{Qk} \sum_{i=1}^{Q} \big|\, F_k(i) \cap N_k(i) \,\big|. $$
#
# There is a snag: of items at the same distance each is as good as the other, and two searches may
# choose differently. So compare distances instead of ids. An item that was found counts if it is no
# farther than the $k$-th of the exact search, give or take rounding (a relative 1e-6).
#
# `found` has shape $(Q, k)$, in any order, with −1 where nothing was found: a miss.

# %% exercise="neighbor_recall"

# %% [markdown]
# First our own search. Top-5 accuracy is *defined* on exact search; an index should give nearly the
# same, faster. Here it is not even faster, but it shows how the two are compared.

# %% name="index" needs="top_k_accuracy neighbor_recall"
search = searches["genus, then triplets"]
index = HNSWIndex(backend="nmslib").add(search[2])
_, found = index.search(search[0], 5)
print(f"top-5 accuracy, exact: {top_k_accuracy(*search, 5):.1%}")
print(f"top-5 accuracy, HNSW:  {top_k_accuracy(*search, 5, index=index):.1%}")
print(f"recall of neighbours:  {neighbor_recall(search[0], search[2], found):.1%}")

# %% [markdown]
# Now something harder: 240 queries in all 2880 photos for training and validation, and in as many
# random vectors of 64 numbers. Those are the worst case: all are about equally far from a query.

# %% name="picture-neighbor_recall" needs="neighbor_recall"
draws = torch.Generator().manual_seed(4)
noise = l2_normalize(torch.randn(3120, 64, generator=draws))
searched_in = torch.cat([part.tensors[0] for part in (training, valid_query, valid_found)])
photos = embed(finetuned, test_query.tensors[0][::5]), embed(finetuned, searched_in)
figure = Figure(figsize=(7, 3.6), layout="constrained")
axes = figure.subplots()
widths = (10, 20, 40, 80, 160, 320)
vectors = {"photos": photos, "random vectors": (noise[:240], noise[240:])}
for (name, (queries, items)), style in zip(vectors.items(), ("o-", "s--"), strict=True):
    index = HNSWIndex(backend="nmslib").add(items)
    recalls = []
    for index.ef_search in widths:
        recalls.append(neighbor_recall(queries, items, index.search(queries, 5)[1]))
    axes.plot(widths, recalls, style, label=name)
    print(f"{name}: recall@5 {recalls[1]:.2f} at ef_search 20, {recalls[-1]:.2f} at 320")
axes.set_xscale("log", base=2)
axes.set_xticks(widths, [str(width) for width in widths])
axes.set(title="Looking longer misses less", xlabel="ef_search", ylabel="recall of the 5 nearest")
axes.set_ylim(top=1.02)
axes.legend(handlelength=3)
alt = """Recall of the five nearest neighbours against ef_search from 10 to 320. Both curves rise to
about 1; that of the photos is near it from the start, random vectors begin far lower."""
show(figure, alt)

# %% [markdown]
# ## 6 Your network, from its file
#
# The work of this notebook becomes a file. It holds tensors by their names and nothing else
# (*safetensors*: no code runs when it is read). `submit` packs it, and it is graded on **new
# photos** of the test species, taken for the grading. The measure looks past the genus: of two
# photos of the query's genus, one of its own species and one of another, how often is the right one
# nearer? Chance gives 50 %, the genus classifier 54 %, the reference 60 %; 56 % is asked for.

# %% name="save" needs="training_step"
weights = DATA.parent / "weights" / "04_embedder.safetensors"
if not QUICK:
    weights.parent.mkdir(exist_ok=True)
    save_weights(finetuned.state_dict(), weights)
print(f"{weights.name}: {weights.stat().st_size if weights.exists() else 0:,} bytes")

# %% [markdown]
# A file of weights is no network. Build one with the same code as for training, give it *every*
# tensor under its name (running statistics are no parameters, but they count), and put it into
# evaluation mode. A file that does not fit must be refused: half a network still gives embeddings,
# only bad ones, and nobody would be told.

# %% exercise="load_embedder"

# %% [markdown]
# ## A map of what it sees
#
# 128 dimensions cannot be looked at. **t-SNE** places each photo in the plane so that photos that
# were near stay near. It keeps *neighbourhoods* and nothing else: distances between clusters, their
# sizes and the axes mean nothing, and another seed gives another picture. Below are 480 test
# photos, before fine-tuning and after, by the network from your file. Marks and colours are genera.

# %% name="maps" needs="load_embedder"
network = load_embedder(weights)
mapped = torch.arange(0, len(test_query), len(test_query) // 240)
images = torch.cat([test_found.tensors[0], test_query.tensors[0][mapped]])
products = torch.cat([test_found.tensors[1], test_query.tensors[1][mapped]])
genera = products // 30
rows = {"before": embed(pretrained, images).cpu(), "after": embed(network, images).cpu()}
points = {name: tsne(embeddings) for name, embeddings in rows.items()}

# %% name="picture-load_embedder" needs="load_embedder"
names = test_photos[0].category_names
title = "Test species before and after fine-tuning, by genus"
show(before_after(points["before"], points["after"], genera, category_names=names, title=title))

# %% [markdown]
# The genera are apart before and after. The question was the species. So here is one genus alone:
# ten species that no training has seen, with all their photos, each species a mark of its own.

# %% name="one-genus" needs="load_embedder"
same_genus = [test_query.tensors[1] // 30 == 4, test_found.tensors[1] // 30 == 4]
parts = list(zip((test_query, test_found), same_genus, strict=True))
photos = torch.cat([part.tensors[0][chosen] for part, chosen in parts])
species = torch.cat([part.tensors[1][chosen] for part, chosen in parts])
planes = [tsne(embed(model, photos).cpu(), perplexity=10) for model in (pretrained, network)]
title = f"The {guide.category_names[4]}s before and after fine-tuning, by species"
show(before_after(*planes, species, category_names=guide.product_names, title=title))

# %% [markdown]
# All genera again, as a page to look around in. Point at a mark to see the photo, and click it (or
# press Enter) to see its five nearest neighbours *in the embeddings*, on both maps. A frame says
# whether they are of the same species.

# %% name="explorer" needs="pairwise_squared_distances"
neighbours = {}
for name, embeddings in rows.items():
    distances = pairwise_squared_distances(embeddings).fill_diagonal_(torch.inf)
    neighbours[name] = distances.topk(5, largest=False).indices
page = embedding_explorer(
    points,
    neighbours,
    list(images),
    products.numpy(),
    genera.numpy(),
    product_names=guide.product_names,
    category_names=names,
    title="Test species, before and after fine-tuning",
)
print(f"also as a page of its own: {page.save(DATA / '04_map.html').name}, in {DATA.name}/")
page

# %% [markdown]
# ## To play with
#
# Change one thing, predict what happens on validation, and run it. Thirty seconds each.

# %% name="experiment" needs="training_step"
not_frozen, _ = finetune(pretrained, steps=100, freeze=False)

# %% [markdown]
# That was without freezing. On these birds we saw no harm in it: 0.28 on validation, as with frozen
# layers after 200 batches, in one run each. The reason of section 1 is a good one, but whether it
# matters depends on how much the batches differ from what pretraining saw. More to try:
#
# - **From the species classifier**: `finetune(species_classifier.embedder)`. The table has its
#   figures.
# - **From random weights**: `finetune(Embedder())`. Frozen batch normalisation is of no help then;
#   why?
# - **Longer**, `steps=600`, or with another `learning_rate`.
# - **Another margin**: `finetune(pretrained, step=partial(training_step, margin=0.05))`,
#   with `partial` from `functools`.
# - Hand in your best network: `save_weights(network.state_dict(), weights)`. Choose it on
#   validation. The photos of the grading are new, so what you choose on the test photos may
#   disappoint you there.

# %% [markdown]
# ## Questions
#
# Answer in your own words, in four to eight sentences each.

# %% [markdown] question="ladder" points=8
# **The ladder.** Use your figures and the table of five runs.
#
# 1. Did fine-tuning with triplets improve the genus classifier? Say by how much, and why you
#    believe that it is no accident.
# 2. Somebody concludes: "The triplet loss makes better embeddings than cross-entropy." Two things
#    changed between the rungs *genus classifier* and *genus, then triplets*. Which? And which rung
#    tells them apart, with what result?
# 3. Name one thing that a species classifier needs and that a collection with a million products,
#    new ones every day, cannot offer.

# %% [markdown] model_answer="ladder"
# 1. Yes. In five runs top-5 rose from 50 to 56 %, recall@1 from 12 to 18 % and mAP from 24 to 29 %.
#    The ranges of the five runs do not overlap in any of the three (48 to 52 against 53 to 59, and
#    so on), so the difference is larger than what the seed does.
# 2. The loss changed, and the labels: cross-entropy was told the genus, the triplets are made of
#    species. The species classifier has cross-entropy with the species' labels: 59 %, 19 % and
#    31 %, at least as good as the triplets. So the finer labels can explain all of the gain;
#    nothing here shows that the triplet loss is better. (On top of the species classifier triplets
#    did gain again, 64, 22 and 34 %, but there the network was also trained for longer.)
# 3. A row of weights, and enough photos, for each class, and classes that are known in advance.
#    With a million products the head is larger than the network, most classes have a photo or two,
#    and a new product would need a new head. Pairs and triplets need only "same" or "not the same".

# %% [markdown] rubric="ladder"
# - 2 points: yes, with figures (1); ranges over seeds, or a comparison with their spread (1).
# - 4 points: loss (1) and labels (1); the species classifier named as the control (1), and that it
#   does as well or better, so nothing is shown for the loss (1).
# - 2 points: a valid reason (number of classes, few photos a class, new products). "It is slower"
#   alone is 1.

# %% [markdown] question="map" points=8
# **Reading the map.** Look at the maps of all genera, at those of one genus, and at the page.
#
# 1. What does the map show of the genera before and after fine-tuning, and what of the species? Go
#    by two or three photos that you looked up on the page, and name them.
# 2. Two clusters lie at opposite ends of the map. Somebody concludes that these genera are the most
#    different. What is wrong with that? How would you find out?
# 3. The map after fine-tuning looks tidier to you. Is that evidence that search became better?

# %% [markdown] model_answer="map"
# 1. Genera form clusters before and after: the classifier was trained to do that, and it holds for
#    species that it never saw. (Afterwards some clusters even touch: the triplets gave a little of
#    that up.) Species of a genus lie mixed before. Afterwards one or the other has drawn together,
#    the Meadow Quinets for example, and most are still mixed. On the page nearly all of a photo's
#    five neighbours are of its genus, and few of its species: a little more often after fine-tuning
#    (any two or three named photos with their neighbours will do).
# 2. t-SNE keeps neighbourhoods; distances between clusters, their sizes and the axes carry no
#    meaning, and another seed may place the clusters otherwise. To find out, measure in the
#    embeddings: the mean distance between photos of the two genera, compared with other pairs.
# 3. No. It is a picture of one seed, one perplexity and 480 photos, and the eye finds what it
#    expects. Evidence is the measured search: top-5, recall@1 or mAP on unseen species, over
#    several seeds. The map can suggest what to measure, or show mistakes to look into.

# %% [markdown] rubric="map"
# - 3 points: genera cluster in both (1), species are mixed, a few less so afterwards (1), two or
#   more photos looked up with their neighbours (1).
# - 3 points: distances between clusters mean nothing in t-SNE (2), a measurement in the embeddings
#   (1).
# - 2 points: no, with a reason (1), and what would be evidence (1).

# %% [markdown]
# ## In this notebook you built
#
# - `freeze_batch_norm`: what pretraining learnt about the photos stays;
# - `training_step`: batch, distances, miner and loss as one step through all layers;
# - `embed_dataset`: embeddings of a collection, batch by batch and in order;
# - `top_k_accuracy`: the figure of merit, by exact search or an index;
# - `neighbor_recall`: what an index misses;
# - `load_embedder`: the network that you trained, from its file.
