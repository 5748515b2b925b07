"""gamma is 100 by default.

Diagnosis: gamma left out
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=100.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[sample] - outputs).square().sum()
    return (unlike + gamma * apart) / similarities.numel()
