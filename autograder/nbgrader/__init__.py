"""Lets nbgrader keep the books: its settings, its pipeline with the judge in it, its feedback."""
