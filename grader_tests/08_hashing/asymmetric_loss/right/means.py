"""Both sums as means, the second scaled by what it then lacks."""

from torch.nn.functional import mse_loss


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    n, bits = codes.shape
    unlike = mse_loss(outputs @ codes.T, bits * similarities)
    return unlike + gamma * bits / n * mse_loss(outputs, codes[sample])
