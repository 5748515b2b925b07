"""The comparison itself.

Diagnosis: gives 0 and 1
"""

import torch


def binarize(outputs):
    return outputs >= 0
