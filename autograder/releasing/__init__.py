"""Makes the student edition of an assignment, and proves that it gives nothing away and works."""
