"""Exports grades from the gradebook as CSV, and in the forms of Canvas, Moodle and Gradescope."""
