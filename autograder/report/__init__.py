"""Shows a class to its instructor."""
