"""What is minimised: Gram matrices, aggregated style losses, the objective."""
