"""Finds an answer in a notebook, in whatever state it is, and says what runs for it."""
