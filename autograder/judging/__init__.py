"""Judges the submissions of a class in this process, in several processes, or on a cluster."""
