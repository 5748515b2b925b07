import numpy as np


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    products, first, counts = np.unique(product_ids, return_index=True, return_counts=True)
    categories = np.asarray(category_ids)[first]
    keep = counts >= n_images
    names, sizes = np.unique(categories[keep], return_counts=True)
    keep &= np.isin(categories, names[sizes >= n_products])
    return np.stack([categories[keep], products[keep]], axis=1)
