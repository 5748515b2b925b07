"""Two processes with half a batch each learn what one learns from the whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from course_lib.training import Trainer, TrainingSettings, triplet_objective
from course_lib.training.distributed import World, world
from tests.course_lib.training import several_processes
from tests.course_lib.training.examples import sampler, striped_birds

PROGRAM = Path(several_processes.__file__)
ROOT = PROGRAM.parents[3]
needs_gloo = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="this build of torch has no gloo",
)


@needs_gloo
def test_two_processes_have_the_gradients_of_one_with_the_whole_batch(tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    alone.mkdir()
    together.mkdir()
    several_processes.train(alone, World())
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*torchrun, f"--nproc-per-node={several_processes.PROCESSES}", PROGRAM, together],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in alone.glob("*.safetensors"))
    assert names == [
        *(f"gradients-{step}.safetensors" for step in range(1, 6)),
        "weights.safetensors",
    ]
    for name in names:
        expected, found = load_file(alone / name), load_file(together / name)
        assert expected.keys() == found.keys()
        for key, tensor in expected.items():
            assert torch.allclose(found[key], tensor, rtol=0, atol=1e-10), (name, key)


def test_a_sampler_of_another_number_of_processes_is_refused():
    pictures, labels = striped_birds()
    batches = sampler(labels)
    batches.world_size = 2
    with pytest.raises(
        ValueError, match="the sampler is of rank 0 of 2, this process of rank 0 of 1"
    ):
        Trainer(
            several_processes.Embedder(),
            torch.utils.data.TensorDataset(pictures, labels),
            batches,
            triplet_objective(),
            TrainingSettings(steps=1),
        )


def test_without_torchrun_a_process_is_alone():
    with world() as here:
        assert here == World(rank=0, size=1)
        assert here.leads
        assert here.collect("x") == ["x"]
        assert not here.any(False)
