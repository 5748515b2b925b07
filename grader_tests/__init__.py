"""What each exercise must do: a public and a hidden module for each assignment."""
