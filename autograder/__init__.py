"""Builds, releases, runs and scores a class's work. Knows nothing of image retrieval."""
