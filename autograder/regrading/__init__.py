"""Judges work again: what would change and why, whether a grade holds, and which repairs stand."""
