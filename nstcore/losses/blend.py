"""A style between several: each counts by its share.

With L_k the aggregated style loss towards style k and s_k its share, the style loss is

    sum_k s_k L_k,   sum_k s_k = 1

so every style keeps an aggregation of its own over its own paintings.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nstcore.common.errors import TargetError
from nstcore.losses.style_target import StyleTarget

if TYPE_CHECKING:
    from nstcore.backbones.backbone import Backbone


@dataclass(frozen=True)
class Blend:
    """Several styles, made with one backbone, and their shares.

    Example:
        >>> stylize(contents, Blend.of([(monet, 0.7), (dali, 0.3)]), backbone)
    """

    parts: tuple[tuple[StyleTarget, float], ...]
    """Each style and its share, above 0; the shares sum to 1."""

    @classmethod
    def of(cls, weights: Sequence[tuple[StyleTarget, float]]) -> "Blend":
        """Blend styles.

        Args:
            weights: Each style with how much it counts, finite and above 0; their sum is free.

        Raises:
            TargetError: There is no style, or one counts nothing.
        """
        if not weights:
            raise TargetError("a blend needs at least one style")
        for _, weight in weights:
            if not (math.isfinite(weight) and weight > 0):
                raise TargetError(f"a style counts {weight:g} in a blend; give a number above 0")
        total = math.fsum(weight for _, weight in weights)
        return cls(tuple((style, weight / total) for style, weight in weights))

    def check(self, backbone: "Backbone", where: str = "style target: ") -> None:
        """Refuse styles of other backbones; see `StyleTarget.check`."""
        for style, _ in self.parts:
            style.check(backbone, where)


def parts_of(style: "StyleTarget | Blend") -> tuple[tuple[StyleTarget, float], ...]:
    """Return the styles of a blend and their shares; of one style, that."""
    return style.parts if isinstance(style, Blend) else ((style, 1.0),)
