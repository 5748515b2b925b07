"""Stays on the graph, with a gradient of zeros.

Diagnosis: lets autograd through
"""

import torch


def binarize(outputs):
    codes = outputs.sign()
    return codes + (codes == 0)
