"""itertools over the images: lists of Python numbers.

Diagnosis: anchors should be a tensor
"""

from itertools import permutations


def anchor_positive_pairs(labels):
    pairs = [(i, j) for i, j in permutations(range(len(labels)), 2) if labels[i] == labels[j]]
    return [i for i, _ in pairs], [j for _, j in pairs]
