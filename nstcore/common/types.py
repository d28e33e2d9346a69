"""Names for values whose libraries ship no types."""

from typing import Any

Tensor = Any
"""A TensorFlow tensor."""

KerasModel = Any
"""A Keras model."""
