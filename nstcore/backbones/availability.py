"""Whether networks' weights can be had, without fetching them.

`python -m nstcore.backbones.availability '{"VGG19": ["VGG19", "imagenet"]}'` prints the names of
those that cannot be had, with the reasons, as JSON. A program of its own, since Keras asks what it
would fetch, and takes TensorFlow along.
"""

import json
import sys
from collections.abc import Mapping

from nstcore.backbones.weights import find_missing


def find_unavailable(wanted: Mapping[str, tuple[str | None, str]]) -> dict[str, str]:
    """Say why weights cannot be had.

    Args:
        wanted: Architecture and weights of networks by name.

    Returns:
        By name, a line with the mend; nothing of the networks whose weights can be had.
    """
    reasons = {name: find_missing(*network) for name, network in wanted.items()}
    return {name: reason for name, reason in reasons.items() if reason}


if __name__ == "__main__":
    print(json.dumps(find_unavailable(json.loads(sys.argv[1]))))
