"""Gradients are cleared before backward() and after the step."""

from course_lib.training import TrainingStep


def training_step(model, optimizer, images, labels, *, margin=0.2, generator=None):
    optimizer.zero_grad()
    embeddings = model(images)
    distances = pairwise_squared_distances(embeddings.clone().detach())
    anchor, positive, negative = semi_hard_triplets(
        distances, labels, margin=margin, generator=generator
    )
    if anchor.nelement() > 0:
        loss = triplet_loss(
            embeddings.index_select(0, anchor),
            embeddings.index_select(0, positive),
            embeddings.index_select(0, negative),
            margin=margin,
            reduction="mean",
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return TrainingStep(loss.detach().cpu().item(), len(anchor))
    return TrainingStep(0.0, 0)
