"""A procedural, fine-grained field guide of birds: the course's own data set.

A genus is a category, a species is a product, a photo is an image. Read the modules in this order:
``attributes`` and ``species`` (what a bird is), ``placement`` (how a photo is taken), ``puppet``,
``frames``, ``anatomy`` and ``markings`` (how a bird is drawn), ``scene`` and ``render`` (how a
photo is made), ``cub`` and ``build`` (how the data set is written), ``fresh`` (new photos of the
same birds), ``many`` (the larger guide of assignment 04).
"""

from data_scripts.birds.build import make_birds
from data_scripts.birds.fresh import fresh_photos
from data_scripts.birds.many import make_many_birds

__all__ = ["fresh_photos", "make_birds", "make_many_birds"]
