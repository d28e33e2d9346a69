"""What `make bench` measures: ratios of ways to do the same work, taken in turns in one run."""
