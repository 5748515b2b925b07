"""Takes ids for places in an array of counts.

Diagnosis: takes ids for positions in an array
"""

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    counts = np.bincount(product_ids)
    category_of = np.zeros(len(counts), dtype=np.int64)
    category_of[product_ids] = category_ids
    products = np.flatnonzero(counts >= n_images)
    found = {}
    for category in np.unique(category_ids):
        mine = products[category_of[products] == category]
        if len(mine) >= n_products:
            found[int(category)] = mine
    return found
