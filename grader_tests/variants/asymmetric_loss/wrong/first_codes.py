"""The first M codes.

Diagnosis: takes the first codes in place of the sample's
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[: len(outputs)] - outputs).square().sum()
    return (unlike + gamma * apart) / similarities.numel()
