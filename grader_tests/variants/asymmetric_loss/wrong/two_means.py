"""A mean of each.

Diagnosis: takes a mean of each of the two sums
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().mean()
    return unlike + gamma * (codes[sample] - outputs).square().mean()
