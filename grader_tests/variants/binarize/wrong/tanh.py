"""The relaxation of training.

Diagnosis: relaxes the step
"""

import torch


def binarize(outputs):
    return outputs.detach().tanh()
