"""The sign, and +1 where it is 0."""

import torch


def binarize(outputs):
    with torch.no_grad():
        codes = outputs.sign()
        codes[codes == 0] = 1
    return codes
