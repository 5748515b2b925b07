"""Judges the submissions of a class: in this process, in several, or on a cluster."""
