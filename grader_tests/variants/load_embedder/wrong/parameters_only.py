"""Loads the parameters and forgets the running statistics, which are buffers.

Diagnosis: leaves the running statistics as they are in a new network
"""

from safetensors.torch import load_file

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    embedder = Embedder()
    weights = load_file(path)
    for name, parameter in embedder.named_parameters():
        parameter.data = weights[name]
    return embedder.eval()
