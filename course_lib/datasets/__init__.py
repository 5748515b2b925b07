"""Data sets on disk, read into one small interface, ``ImageCollection``.

========================  ========================================================================
reader                    layout
========================  ========================================================================
``read_cub``              CUB-200-2011's files: the real one, and the course's procedural birds
``read_folders``          category/product/image folders, with or without train/, validation/ and
                          test/ on top, as ``course data eth80`` prepares them
``read_omniglot``         alphabet/character/drawing, as ``course data omniglot`` prepares them
``read_prepared``         any of these, by what lies in the folder
========================  ========================================================================
"""

from course_lib.datasets.collection import DatasetError, ImageCollection
from course_lib.datasets.cub import read_cub
from course_lib.datasets.folders import read_folders
from course_lib.datasets.omniglot import read_omniglot
from course_lib.datasets.prepared import product_disjoint, read_prepared

__all__ = [
    "DatasetError",
    "ImageCollection",
    "product_disjoint",
    "read_cub",
    "read_folders",
    "read_omniglot",
    "read_prepared",
]
