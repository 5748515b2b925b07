"""Forgets eval().

Diagnosis: leaves the network in training mode
"""

from safetensors.torch import load_file

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    embedder = Embedder()
    embedder.load_state_dict(load_file(path))
    return embedder
