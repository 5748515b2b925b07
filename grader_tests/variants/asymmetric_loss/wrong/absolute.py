"""Absolute differences.

Diagnosis: sums absolute values
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).abs().sum()
    apart = (codes[sample] - outputs).abs().sum()
    return (unlike + gamma * apart) / similarities.numel()
