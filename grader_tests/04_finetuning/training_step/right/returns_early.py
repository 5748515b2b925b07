"""Step by step, and an early return where no triplet is found."""

from course_lib.training import TrainingStep


def training_step(model, optimizer, images, labels, *, margin=0.2, generator=None):
    rows = model(images)
    squared = pairwise_squared_distances(rows.detach())
    a, p, n = semi_hard_triplets(squared, labels, margin, generator=generator)
    if len(a) == 0:
        return TrainingStep(0.0, 0)
    loss = triplet_loss(rows[a], rows[p], rows[n], margin)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return TrainingStep(loss.item(), len(a))
