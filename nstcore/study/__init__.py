"""A study as a whole: its config, its record, and its files read back."""
