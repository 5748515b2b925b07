"""A plain tuple of the two numbers; the loss as a sum, divided."""

def training_step(model, optimizer, images, labels, *, margin=0.2, generator=None):
    z = model(images)
    i, j, k = semi_hard_triplets(
        pairwise_squared_distances(z.data), labels, margin, generator=generator
    )
    if i.tolist() == []:
        return (0.0, 0)
    cost = triplet_loss(z[i], z[j], z[k], margin, "sum") / len(i)
    model.zero_grad()
    cost.backward()
    optimizer.step()
    return (cost.item(), len(i))
