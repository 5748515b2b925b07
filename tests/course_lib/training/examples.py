"""Pictures that a tiny network learns in a few steps, and batches of them."""

import torch

from course_lib.sampling import CategoryProductBatchSampler


def images(n, size=32):
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0))


def state_of(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def striped_birds(n_products=8, n_images=6):
    """Images that a tiny network can learn: each product has its colour, each image its noise."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n_products).repeat_interleave(n_images)
    colours = torch.rand(n_products, 3, 1, 1, generator=generator)
    noise = torch.rand(len(labels), 3, 16, 16, generator=generator)
    return (colours[labels] + noise) / 2, labels


def sampler(labels):
    return CategoryProductBatchSampler(
        labels // 4, labels, n_categories=2, n_products=3, n_images=4, num_batches=5
    )
