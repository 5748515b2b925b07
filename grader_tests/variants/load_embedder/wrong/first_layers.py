"""Skips what does not fit, shape by shape.

Diagnosis: takes a file that does not fit
"""

from safetensors.torch import load_file

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    embedder = Embedder()
    own = embedder.state_dict()
    weights = load_file(path)
    fitting = {n: t for n, t in weights.items() if n in own and t.shape == own[n].shape}
    embedder.load_state_dict({**own, **fitting})
    return embedder.eval()
