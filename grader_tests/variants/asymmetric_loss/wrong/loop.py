"""A loop over the outputs.

Diagnosis: loops over the batch in Python
"""


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    total = 0
    for row, output in enumerate(outputs):
        unlike = (codes @ output - codes.shape[1] * similarities[row]).square().sum()
        total = total + unlike + gamma * (codes[sample[row]] - output).square().sum()
    return total / similarities.numel()
