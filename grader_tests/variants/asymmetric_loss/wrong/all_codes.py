"""All codes, not those of the sample's images.

Diagnosis: compares all codes with the outputs
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes - outputs).square().sum()
    return (unlike + gamma * apart) / similarities.numel()
