"""Returns how many products are eligible, not which.

Diagnosis: gives the number of products instead of the products
"""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    found = {}
    for category in np.unique(category_ids):
        products, counts = np.unique(product_ids[category_ids == category], return_counts=True)
        eligible = int((counts >= n_images).sum())
        if eligible >= n_products:
            found[int(category)] = eligible
    return found
