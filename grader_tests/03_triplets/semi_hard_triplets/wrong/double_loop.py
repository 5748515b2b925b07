import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    triplets = []
    for a in range(len(labels)):
        negatives = (labels != labels[a]).nonzero().flatten()
        for p in range(len(labels)):
            if a == p or labels[a] != labels[p]:
                continue
            loss = distances[a, p] - distances[a, negatives] + margin
            found = negatives[(loss > 0) & (loss < margin)]
            if len(found):
                choice = found[torch.randint(len(found), (1,), generator=generator)]
                triplets.append((a, p, int(choice)))
    rows = torch.tensor(triplets, dtype=torch.int64).reshape(-1, 3)
    return tuple(rows.T)
