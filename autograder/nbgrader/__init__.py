"""Connects the judge to nbgrader: nbgrader's settings, preprocessors, late penalties, feedback."""
