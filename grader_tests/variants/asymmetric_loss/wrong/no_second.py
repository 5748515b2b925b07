"""Only the pairs.

Diagnosis: leaves out the second sum
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    return unlike / similarities.numel()
