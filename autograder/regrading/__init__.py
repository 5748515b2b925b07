"""Judges submissions again: shows what changes and why, checks grades, and decides on repairs."""
