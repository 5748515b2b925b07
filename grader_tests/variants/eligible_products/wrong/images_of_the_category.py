"""Counts the images of a category where those of a product count.

Diagnosis: judges a category by its number of images
"""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    found = {}
    for category in np.unique(category_ids):
        images = product_ids[category_ids == category]
        if len(images) >= n_products * n_images:
            found[int(category)] = np.unique(images).astype(np.int64)
    return found
