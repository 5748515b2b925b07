"""Compares images with n_products and products with n_images.

Diagnosis: n_images is the least number of images of a product
"""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    found = {}
    for category in np.unique(category_ids):
        products, counts = np.unique(product_ids[category_ids == category], return_counts=True)
        products = products[counts >= n_products]
        if len(products) >= n_images:
            found[int(category)] = products.astype(np.int64)
    return found
