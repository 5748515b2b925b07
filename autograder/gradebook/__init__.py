"""Keeps the gradebook: the roster, the grades of a class, what is graded already, the exports."""
