"""Finds the answer to an exercise in a notebook, even a damaged one, and makes a program of it."""
