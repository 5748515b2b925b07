"""What each exercise must do: its public and hidden tests in NN_topic/ID/, and what they share."""
