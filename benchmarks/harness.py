"""How a comparison is measured and what it reports."""

import platform
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch

OURS = "course_lib"


@dataclass(frozen=True)
class Row:
    """One contestant."""

    name: str
    seconds: float
    """Median over the repeats."""
    remark: str = ""


@dataclass(frozen=True)
class Claim:
    """A target, what was measured, and whether it holds."""

    target: str
    measured: str
    holds: bool


@dataclass
class Comparison:
    """One subject measured at one size."""

    title: str
    rows: list[Row]
    claims: list[Claim] = field(default_factory=list)
    ours: str = OURS

    def ratio(self, name: str) -> float:
        """How many times as long as ours the contestant took."""
        return self.seconds(name) / self.seconds(self.ours)

    def seconds(self, name: str) -> float:
        """Median of a contestant."""
        return next(row.seconds for row in self.rows if row.name == name)

    def claim_within(self, name: str, seconds: float) -> None:
        """Add the claim that a contestant takes at most so many seconds."""
        measured = self.seconds(name)
        self.claims.append(
            Claim(f"{name} in at most {seconds:g} s", f"{measured:.0f} s", measured <= seconds)
        )

    def claim_faster(self, name: str, factor: float) -> None:
        """Add the claim that ours is at least ``factor`` times as fast as ``name``."""
        ratio = self.ratio(name)
        self.claims.append(
            Claim(f"at least {factor:g}x the speed of {name}", f"{ratio:.2f}x", ratio >= factor)
        )


def interleaved_medians(
    contestants: Mapping[str, Callable[[], Any]], repeats: int
) -> dict[str, float]:
    """Median seconds of each contestant, all taking turns.

    In turns, so that a machine that is busy for a while is busy for all of them. Before each timed
    run the same contestant runs once untimed: as in a training loop, its memory is then at hand,
    and not given back to the system by whoever ran before.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            run()
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    return {name: median(times) for name, times in seconds.items()}


def restart_peak_memory() -> int:
    """Let this process's peak memory start anew; bytes that it holds now. Linux only."""
    Path("/proc/self/clear_refs").write_text("5")  # see proc(5)
    return peak_memory()


def peak_memory() -> int:
    """Bytes of main memory that this process held at most, since the peak was restarted."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def peak_in_fresh_process(prepare: Callable[..., Callable[[], Any]], *settings: Any) -> int:
    """Bytes at the peak of one run of what ``prepare(*settings)`` returns, beyond what it holds.

    In a fresh process: memory that one contestant gave back would hide what the next one needs.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_peak_here, prepare, settings).result()


def _peak_here(prepare: Callable[..., Callable[[], Any]], settings: tuple) -> int:
    run = prepare(*settings)
    before = restart_peak_memory()
    run()
    return peak_memory() - before


def unit_rows(n: int, d: int, seed: int) -> torch.Tensor:
    """``(n, d)`` float32 rows of length 1 in random directions."""
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(x, dim=1)


def environment() -> str:
    """What the figures depend on, in one line."""
    packages = ("torch", "numpy", "scikit-learn", "faiss-cpu", "pytorch-metric-learning")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{_processor()}, {torch.get_num_threads()} threads; Python {platform.python_version()}, "
        f"{versions}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
