"""Counts what is too far, query by query."""

import torch


def neighbor_recall(queries, retrieval, found):
    missed = 0
    for query, row in zip(queries.double(), found.tolist()):
        squared = ((retrieval.double() - query) ** 2).sum(1)
        limit = float(torch.kthvalue(squared, len(row)).values) + 1e-9
        missed += sum(i < 0 or float(squared[i]) > limit for i in row)
    return 1 - missed / (len(queries) * found.shape[1])
