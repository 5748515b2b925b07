"""Takes in the submissions of students and reads them; every byte of a submission is untrusted."""
