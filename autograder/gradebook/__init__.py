"""Keeps the books with nbgrader: intake, scores, exports."""
