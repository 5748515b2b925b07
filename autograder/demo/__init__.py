"""Shows a course at work, from data to report, on a class of sample submissions."""
