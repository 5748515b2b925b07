"""Asks NumPy for each category, then for each of its products."""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids = np.asarray(category_ids)
    product_ids = np.asarray(product_ids)
    found = {}
    for category in np.unique(category_ids):
        products, counts = np.unique(product_ids[category_ids == category], return_counts=True)
        products = products[counts >= n_images].astype(np.int64)
        if products.size >= n_products:
            found[int(category)] = products
    return found
