"""One output beside the other, by broadcasting."""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    inner = (outputs[:, None, :] * codes).sum(dim=2)
    unlike = (inner - codes.size(1) * similarities).pow(2).sum()
    apart = (outputs - codes[sample]).pow(2).sum()
    return unlike.add(apart, alpha=gamma).div(similarities.shape[0] * similarities.shape[1])
