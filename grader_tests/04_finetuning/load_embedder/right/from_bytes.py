"""Reads the bytes, and replaces the parameters and buffers by the file's."""

from pathlib import Path

from safetensors.torch import load

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    weights = load(Path(path).read_bytes())
    network = Embedder()
    network.load_state_dict(weights, strict=True, assign=True)
    return network.requires_grad_(True).eval()
