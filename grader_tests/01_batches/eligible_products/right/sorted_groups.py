"""Sorts the images, then groups neighbours; the keys are NumPy integers."""

from itertools import groupby

import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    order = np.lexsort((product_ids, category_ids))
    rows = list(zip(np.asarray(category_ids)[order], np.asarray(product_ids)[order]))
    result = {}
    for category, images in groupby(rows, key=lambda row: row[0]):
        runs = [(product, len(list(run))) for product, run in groupby(row[1] for row in images)]
        enough = [product for product, size in runs if size >= n_images]
        if len(enough) >= n_products:
            result[category] = np.asarray(enough, dtype=np.int64)
    return result
