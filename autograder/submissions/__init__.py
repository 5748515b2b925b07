"""Takes in what students hand in, and reads it: every byte of it is untrusted."""
