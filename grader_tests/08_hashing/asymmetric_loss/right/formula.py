"""The formula: two sums of squares, over the number of similarities."""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    apart = (codes[sample] - outputs).square().sum()
    return (unlike + gamma * apart) / similarities.numel()
