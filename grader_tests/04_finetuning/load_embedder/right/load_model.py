"""By safetensors' own function for modules, which is strict unless told otherwise."""

from safetensors.torch import load_model

from course_lib.networks.embedder import Embedder


def load_embedder(path):
    network = Embedder()
    load_model(network, path)
    network.train(False)
    return network
