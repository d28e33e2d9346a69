"""Write `layers.json` anew: the layers of every architecture, by names that mean the same anywhere.

    python -m nstcore.backbones.layers

Needed once an architecture was added. The config is checked by that table, without starting
TensorFlow.
"""

import json
from pathlib import Path

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.common.files import write_json

TABLE = Path(__file__).with_name("layers.json")


def main() -> None:
    """Build each network without weights, and note its layers; those that are known stay."""
    import keras

    from nstcore.backbones.surgery import layer_outputs

    known = json.loads(TABLE.read_text("utf-8"))
    for name in ARCHITECTURES:
        if name not in known:
            build = getattr(keras.applications, name)
            network = build(weights=None, include_top=False, input_shape=(None, None, 3))
            known[name] = list(layer_outputs(network))
            print(f"{name}: {len(known[name])} layers")
    write_json(known, TABLE, indent=1, checksum=False)


if __name__ == "__main__":
    main()
