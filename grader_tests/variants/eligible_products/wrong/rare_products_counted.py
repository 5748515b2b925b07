"""Judges a category by all its products, then filters them.

Diagnosis: a category then counts only the products that are left
"""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    found = {}
    for category in np.unique(category_ids):
        products, counts = np.unique(product_ids[category_ids == category], return_counts=True)
        if len(products) >= n_products:
            products = products[counts >= n_images]
            if len(products):
                found[int(category)] = products.astype(np.int64)
    return found
