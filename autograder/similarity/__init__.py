"""Finds answers that are more alike than the task explains."""
