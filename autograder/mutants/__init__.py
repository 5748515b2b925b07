"""Finds mutants of the reference, changed solutions, that no test of their exercise notices."""
