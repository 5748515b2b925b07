"""The second sum with a minus.

Diagnosis: rewards outputs that are far from their codes
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[sample] - outputs).square().sum()
    return (unlike - gamma * apart) / similarities.numel()
