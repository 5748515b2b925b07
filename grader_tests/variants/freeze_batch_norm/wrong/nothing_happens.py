"""Returns at once.

Diagnosis: freezes scale and shift and lets the statistics go on
"""

def freeze_batch_norm(model):
    return None
