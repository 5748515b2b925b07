"""Prints tables: the gradebook, the changes of a regrade, repairs, a run of the reference."""
