"""Copies tensor by tensor out of the open file, and compares the names itself."""

import torch
from safetensors import safe_open

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    network = Embedder().eval()
    own = network.state_dict()
    with safe_open(path, framework="pt") as file, torch.no_grad():
        if set(file.keys()) != set(own):
            raise RuntimeError(f"other names: {set(file.keys()) ^ set(own)}")
        for name, tensor in own.items():
            stored = file.get_tensor(name)
            if stored.shape != tensor.shape:
                raise RuntimeError(f"{name} has another shape")
            tensor.copy_(stored)
    return network
