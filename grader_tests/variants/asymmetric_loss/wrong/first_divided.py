"""Only the first sum is divided.

Diagnosis: divides the first sum only
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[sample] - outputs).square().sum()
    return unlike / similarities.numel() + gamma * apart
