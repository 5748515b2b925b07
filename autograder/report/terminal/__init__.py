"""Tables for a terminal: the gradebook, what a regrade changes, repairs, a run of the reference."""
