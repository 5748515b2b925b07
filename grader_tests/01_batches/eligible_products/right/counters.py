"""Counts with Counter and groups with plain dictionaries."""

from collections import Counter

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    categories = [int(c) for c in category_ids]
    products = [int(p) for p in product_ids]
    category_of = dict(zip(products, categories))
    groups = {}
    for product, count in Counter(products).items():
        if count >= n_images:
            groups.setdefault(category_of[product], []).append(product)
    return {
        category: np.array(sorted(group), dtype=np.int64)
        for category, group in sorted(groups.items())
        if len(group) >= n_products
    }
