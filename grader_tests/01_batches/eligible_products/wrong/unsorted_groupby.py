from itertools import groupby

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    rows = list(zip(map(int, category_ids), map(int, product_ids)))
    found = {}
    for (category, product), run in groupby(rows):
        if len(list(run)) >= n_images:
            found.setdefault(category, set()).add(product)
    return {
        category: np.array(sorted(found[category]), dtype=np.int64)
        for category in sorted(found)
        if len(found[category]) >= n_products
    }
