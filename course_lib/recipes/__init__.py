"""Recipes: a data set, a network and the stages of its training, in one small TOML file each.

================  ==================================================================================
module            what it holds
================  ==================================================================================
``config``        what a recipe says: a class for each of its tables
``reading``       ``read_recipe``: a file, checked key by key
``data``          its images and splits, and the searches that measure a network
``stages``        one stage: an embedder is trained, and saved
``ladder``        ``train_recipe``: its stages one after the other, for every seed
``hashing``       what ``[hash]`` adds: codes by several methods and at several lengths
``tables``        ``as_markdown``: the results as a table
``*.toml``        the course's own recipes, named after assignment and data set
================  ==================================================================================

``course train NAME``, or ``python -m course_lib train NAME``, trains one.
"""

from course_lib.recipes.config import Recipe, RecipeError
from course_lib.recipes.ladder import train_recipe
from course_lib.recipes.reading import built_in, read_recipe
from course_lib.recipes.tables import as_markdown

__all__ = ["Recipe", "RecipeError", "as_markdown", "built_in", "read_recipe", "train_recipe"]
