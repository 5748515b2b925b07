# number = "A19"
# tries = "stops the clocks, raises its limits, and then takes its time"
# says = 'DeadlineExceeded'
inside_the_sandbox()

import random
import resource
import signal
import time
import torch

for name in ("time", "monotonic", "process_time", "perf_counter", "thread_time"):
    setattr(time, name, lambda: 0.0)
random.seed = torch.manual_seed = lambda *args: None
for limit in (resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_NPROC):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
signal.alarm(0)

def dot(x, y):
    while True:
        pass
