"""One cost a pair.

Diagnosis: returns one cost a pair
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square()
    apart = (codes[sample] - outputs).square().sum()
    return unlike + gamma * apart / similarities.numel()
