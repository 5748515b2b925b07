"""Shows instructors and assistants how a class did, on pages and on the terminal."""
