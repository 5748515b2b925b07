"""Reads the file that the notebook writes, whatever it is asked for.

Diagnosis: does not read the file that it is given
"""

from safetensors.torch import load_file

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    embedder = Embedder()
    embedder.load_state_dict(load_file("weights/04_embedder.safetensors"))
    return embedder.eval()
