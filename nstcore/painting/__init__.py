"""How pictures are painted: optimizers, the stylising loop, training, the choice."""
