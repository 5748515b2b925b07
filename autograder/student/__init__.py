"""What a release carries: checks, in-process access to an answer, and their rendering."""
