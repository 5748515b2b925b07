"""Lists products as their images come.

Diagnosis: lists products in the order in which their images come
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
        category: np.array(found[category], dtype=np.int64)
        for category in sorted(found)
        if len(found[category]) >= n_products
    }
