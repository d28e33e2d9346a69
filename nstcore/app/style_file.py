"""A style file: the Gram matrices of an artist's paintings, and what a user wants to know of them.

It is the `.npz` that `StyleTarget.save` writes with one more array, `style`, a JSON text: NumPy
reads it without unpickling anything.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from nstcore.app.networks import NETWORKS, find_name, named
from nstcore.backbones.network import BackboneNetwork
from nstcore.common.arrays import open_arrays
from nstcore.common.errors import StudyError, TargetError
from nstcore.common.files import atomic_write
from nstcore.common.hints import printable, show
from nstcore.losses.style_target import StyleTarget

VERSION = 1
"""Of what is added to the target."""

SUFFIX = ".nst"

LICENCE = (
    "Gram matrices hold no picture and none can be read out of them, but they were taken of these "
    "paintings: whether those may be used so is up to their licences."
)


@dataclass(frozen=True)
class StyleFile:
    """A saved style."""

    target: StyleTarget
    network: BackboneNetwork
    """What it says that painted pictures must be seen with: see `trusted_network`."""
    side: int
    """Longest side, in pixels, at which the paintings were seen."""
    note: str = ""
    """What its maker wrote of it."""

    def save(self, path: Path | str) -> None:
        """Write it, whole or not at all; same style, same bytes."""
        about = {
            "version": VERSION,
            "network": self.network.given(),
            "side": self.side,
            "note": self.note,
        }
        content = BytesIO()
        arrays: dict[str, Any] = {
            "about": np.array(json.dumps(self.target.about())),
            "style": np.array(json.dumps(about)),
        }
        np.savez(content, **(arrays | dict(self.target.packed_grams)))
        with atomic_write(path) as draft:
            draft.write_bytes(content.getvalue())

    @classmethod
    def load(cls, path: Path | str) -> "StyleFile":
        """Read what `save` wrote.

        Raises:
            TargetError: The file is missing, damaged, cut short, or of another version.
        """
        target = StyleTarget.load(path)
        try:
            with open_arrays(path) as file:
                about = json.loads(str(file["style"])) if "style" in file else None
            if about is None:
                raise TargetError(
                    f"{path}: a target of a study and no style file; give --study, or make one with"
                    " nst style"
                )
            if about["version"] != VERSION:
                raise TargetError(
                    f"{path}: a style file of version {show(about['version'])}, not {VERSION}; "
                    "make it again with nst style"
                )
            network = BackboneNetwork.read(about["network"], "network")
            return cls(target, network, int(about["side"]), str(about["note"]))
        except TargetError:
            raise
        except (OSError, ValueError, KeyError, TypeError, RecursionError, StudyError) as error:
            words = printable(" ".join(str(error).split())[:200])
            raise TargetError(f"{path}: a damaged style file ({words}); make it again") from None

    def trusted_network(self, path: Path | str) -> BackboneNetwork:
        """Return the one of `nst`'s own networks that it means.

        A style file comes from anybody, and its word opens no file and no package of this machine.

        Args:
            path: What the message calls it.

        Raises:
            TargetError: It names another network.
        """
        name = find_name(self.network)
        if name is None:
            raise TargetError(
                f"{path}: names a network that is none of nst's (weights "
                f"{show(self.network.weights)}), and no file is opened on its word; if it was seen "
                f"by one of {', '.join(NETWORKS)}, name that with --network"
            )
        return named(name)

    def describe(self) -> list[str]:
        """Tell what it is, a line for each thing."""
        return list(map(printable, self._describe()))

    def _describe(self) -> list[str]:
        network = self.network
        names = list(self.target.paintings)
        return [
            f"paintings  {self.target.count}, seen at up to {self.side} pixels",
            f"network    {network.architecture or network.weights} ({network.weights})"
            + (f": {network.description}" if network.description else ""),
            f"layers     {', '.join(self.target.weights)}",
            *([f"note       {self.note}"] if self.note else []),
            f"licence    {LICENCE}",
            *(f"           {name}" for name in names),
        ]
