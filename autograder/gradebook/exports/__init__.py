"""Takes grades out of the gradebook: as CSV, and in the forms of Canvas, Moodle and Gradescope."""
