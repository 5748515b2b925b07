"""Its own gamma.

Diagnosis: ignores the gamma that it is given
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[sample] - outputs).square().sum()
    return (unlike + 200 * apart) / similarities.numel()
