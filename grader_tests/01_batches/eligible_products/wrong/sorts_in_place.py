import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    categories = np.asarray(category_ids)
    products = np.asarray(product_ids)
    order = np.argsort(products, kind="stable")
    categories[:] = categories[order]
    products[:] = products[order]
    found = {}
    for category in np.unique(categories):
        mine, counts = np.unique(products[categories == category], return_counts=True)
        mine = mine[counts >= n_images]
        if len(mine) >= n_products:
            found[int(category)] = mine.astype(np.int64)
    return found
