"""Lists categories as their images come.

Diagnosis: lists categories in the order in which their images come
"""

from collections import Counter

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    products = [int(p) for p in product_ids]
    category_of = dict(zip(products, (int(c) for c in category_ids)))
    found = {}
    for product, count in Counter(products).items():
        if count >= n_images:
            found.setdefault(category_of[product], []).append(product)
    return {
        category: np.array(sorted(mine), dtype=np.int64)
        for category, mine in found.items()
        if len(mine) >= n_products
    }
