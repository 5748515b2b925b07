"""The reference library beside its peers, measured by ``python -m benchmarks``."""

import os

# Before torch is loaded: its threads shall sleep while they wait. Where other programs run beside,
# threads that spin take turns with those that work, and whoever has more short steps loses.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
