"""Holds the tests and writes the scores. Never runs a submission."""
