"""How far the outputs' own codes are from the database's.

Diagnosis: binarizes the outputs
"""

from course_lib.hashing import binarize


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[sample] - binarize(outputs)).square().sum()
    return (unlike + gamma * apart) / similarities.numel()
