"""The judge: runs the tests on the answers of students, and gives verdicts and points.

The judge's own process never runs submitted code; workers do.
"""
