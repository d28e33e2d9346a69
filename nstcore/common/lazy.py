"""TensorFlow, imported when it is first used: it takes seconds to start.

For modules that also hold options and registries, which half of the programs read without computing
anything. `lazy_loader.load` would do, but puts a stand-in into `sys.modules` that other packages
take for TensorFlow itself.
"""

import importlib
from typing import Any


class _Tensorflow:
    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("tensorflow"), name)


tf: Any = _Tensorflow()
"""What `import tensorflow as tf` gives."""
