import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    category_ids, product_ids = np.asarray(category_ids), np.asarray(product_ids)
    _, first, counts = np.unique(product_ids, return_index=True, return_counts=True)
    first = first[counts >= n_images]
    found = {}
    for category in np.unique(category_ids[first]):
        mine = first[category_ids[first] == category]
        if len(mine) >= n_products:
            found[int(category)] = np.sort(mine)
    return found
