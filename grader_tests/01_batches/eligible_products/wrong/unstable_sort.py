import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    products, first, counts = np.unique(product_ids, return_index=True, return_counts=True)
    categories = np.asarray(category_ids)[first]
    products = products[counts >= n_images].astype(np.int64)
    categories = categories[counts >= n_images]
    order = np.argsort(categories)
    names, starts = np.unique(categories[order], return_index=True)
    runs = np.split(products[order], starts[1:])
    return {int(name): run for name, run in zip(names, runs) if len(run) >= n_products}
