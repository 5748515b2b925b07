"""Finds answers of different students that are more alike than the exercise explains."""
