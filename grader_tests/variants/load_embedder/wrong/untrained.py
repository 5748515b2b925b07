"""Reads the file, and returns a new network.

Diagnosis: returns a network with new weights
"""

from safetensors.torch import load_file

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    embedder = Embedder()
    weights = load_file(path)
    assert set(weights) == set(embedder.state_dict())
    return embedder.eval()
