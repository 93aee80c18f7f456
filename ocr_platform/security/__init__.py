"""What operators do for the secrecy of what is stored."""
