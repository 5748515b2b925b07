"""Builds notebooks from their text sources, and runs them with the reference."""
