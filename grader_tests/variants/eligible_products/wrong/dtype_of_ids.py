"""Keeps the products in the dtype that the ids came in.

Diagnosis: leaves the products in the dtype that the ids came in
"""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    found = {}
    for category in np.unique(category_ids):
        products, counts = np.unique(product_ids[category_ids == category], return_counts=True)
        products = products[counts >= n_images]
        if len(products) >= n_products:
            found[int(category)] = products
    return found
