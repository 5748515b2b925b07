"""Uses the rule for two categories for any number.

Diagnosis: uses a rule that is right for n_categories=2 only
"""

def epoch_length(chunk_counts, n_categories):
    if len(chunk_counts) < n_categories:
        return 0
    total = int(sum(chunk_counts))
    return min(total // n_categories, total - int(max(chunk_counts)))
