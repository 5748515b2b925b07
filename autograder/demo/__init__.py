"""Shows the whole way, from data to report, on a class of sample submissions."""
