"""What a picture is held as while it is painted: the section `canvas` of the config.

Nothing here needs TensorFlow; `parametrization` computes.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from nstcore.common.errors import ConfigError
from nstcore.common.mistakes import Mistake, MistakesError
from nstcore.common.section import OneOf, Section
from nstcore.images.io import Pixels

KINDS = {
    "pixels": "its pixels",
    "pyramid": "a Laplacian pyramid",
    "fourier": "spectra of decorrelated colours",
}
"""What a picture can be held as, by name. To add one: an entry here and in `PARAMETRIZATIONS`."""

WHOLE = 1024 * 768
"""Pixels up to which a picture is painted as a whole: tiles take twice the time and more."""

# Options of one kind alone.
_OWN = {
    "rate": ("pyramid", "fourier"),
    "levels": ("pyramid",),
    "growth": ("pyramid",),
    "power": ("fourier",),
}

# So that an optimizer's settings for plain pixels serve on any kind: see docs/every-backbone.md.
_RATES = {"pixels": 1.0, "pyramid": 0.35, "fourier": 1.0}


class Canvas(Section):
    """What a picture is held as while it is painted, and how the network sees it.

    Example:
        >>> Canvas(kind="pyramid", shifts=6, padding=16)

    Raises:
        ConfigError: An option is unknown, out of its range, or belongs to another kind.
    """

    kind: Annotated[str, OneOf(KINDS)] = "pixels"
    """pixels; pyramid: the levels of a Laplacian pyramid of decorrelated colours; fourier: the
    spectra of such colours, scaled by 1/f^power."""
    shifts: Annotated[int, Field(ge=0, le=64)] = 0
    """From how many seeded offsets the network sees the picture in turn; 0 never shifts it.
    Removes the grid that strides leave, most evenly with 4, 8 or 16."""
    shift_pixels: Annotated[int, Field(ge=1, le=256)] = 8
    """The largest offset along an axis, in pixels."""
    padding: Annotated[int, Field(ge=0, le=1024)] = 0
    """Pixels by which the picture is reflected on each side while it is painted, and which are cut
    off at the end. Keeps a network's own border out of the picture."""
    rate: Annotated[float, Field(ge=1e-3, le=1e3)] | None = None
    """Multiplies an optimizer's learning rate, which is in pixels; by default the kind's own."""
    levels: Annotated[int, Field(ge=2, le=12)] = 5
    """Of a pyramid: how many, each of half the size of the one before."""
    growth: Annotated[float, Field(ge=0.1, le=10)] = 1.2
    """Of a pyramid: the rate of a level over that of the next finer one."""
    power: Annotated[float, Field(ge=0, le=4)] = 1.25
    """Of fourier: the p of the scale 1/f^p."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        mistakes: list[Mistake | str] = [
            Mistake(f"an option of {' and '.join(kinds)}; kind is {self.kind}", (name,))
            for name, kinds in _OWN.items()
            if self.kind not in kinds
            and getattr(self, name) != type(self).model_fields[name].default
        ]
        most = 2 * self.shift_pixels + 1
        if self.shifts > most:
            told = f"{self.shifts} offsets of at most {self.shift_pixels} pixels are not all apart"
            mistakes.append(Mistake(f"{told}; at most {most}", ("shifts",)))
        if mistakes:
            raise MistakesError(*mistakes)
        return self

    @property
    def is_plain(self) -> bool:
        """Whether a picture is its pixels, and the network sees just them."""
        return self.kind == "pixels" and not self.shifts and not self.padding

    def describe(self) -> str:
        """Say what it is, in a few words."""
        levels = f" of {self.levels} levels" if self.kind == "pyramid" else ""
        parts = [f"{KINDS[self.kind]}{levels}"]
        if self.shifts:
            parts.append(f"seen from {self.shifts} offsets of up to {self.shift_pixels} pixels")
        if self.padding:
            parts.append(f"padded by {self.padding} pixels")
        return ", ".join(parts)

    @property
    def scale(self) -> float:
        """By which factor steps are larger or smaller than on plain pixels."""
        return _RATES[self.kind] if self.rate is None else self.rate

    @property
    def reflected(self) -> int:
        """Pixels by which the canvas itself is reflected, where shifts reach beyond it."""
        return max(0, self.shift_pixels - self.padding) if self.shifts else 0

    @property
    def around(self) -> int:
        """Pixels on each side of a picture that a network sees, where nothing is shifted."""
        return max(0, self.padding - (self.shift_pixels if self.shifts else 0))

    def offsets(self, seed: int) -> NDArray[np.int32]:
        """Draw where what the network sees begins.

        What a stride of s leaves in a picture has a period of s pixels, and vanishes where offsets
        take all remainders of s alike, by rows, by columns and together. So they are a Hammersley
        set: column i, and as row the bits of i from the last to the first (van der Corput 1935).
        16 of them take all remainders of 4, and along each axis all of 16. The seed draws where
        they begin.

        Returns:
            (shifts, 2), rows and columns from the upper left corner of the canvas and what it is
            `reflected` by; 0..2 * shift_pixels.
        """
        width, columns = 2 * self.shift_pixels + 1, np.arange(self.shifts)
        bits = max(1, math.ceil(math.log2(max(1, self.shifts))))
        rows = sum(((columns >> bit) & 1) << (bits - 1 - bit) for bit in range(bits))
        begin = np.random.default_rng([seed, 0]).integers(max(1, width - 2**bits + 1), size=2)
        offsets: NDArray[np.int32] = np.stack([rows, columns], axis=-1).astype(np.int32)
        return (begin.astype(np.int32) + offsets) % width

    def offset_at(self, seed: int, step: int) -> int:
        """Return which of the offsets a step takes: each once, then each again in another order.

        It is the same for all pictures: what a picture becomes does not depend on its batch.
        """
        turn, place = divmod(step, self.shifts)
        order = np.random.default_rng([seed, 1, turn]).permutation(self.shifts)
        return int(order[place])

    def padded(self, images: Pixels) -> Pixels:
        """Reflect pictures (batch, height, width, 3) on each side, by the padding."""
        return _reflect(images, self.padding)

    def middle(self, images: Pixels) -> Pixels:
        """Return what a network sees of pictures (batch, height, width, 3) without an offset."""
        return _reflect(images, self.around)

    def cut(self, images: Pixels) -> Pixels:
        """Take what `padded` has put around pictures away again."""
        if not self.padding:
            return images
        inside = slice(self.padding, -self.padding)
        return images[:, inside, inside]

    def mistakes(self, height: int, width: int, unpadded: bool) -> Iterator[Mistake]:
        """Yield what does not fit pictures of a size, or a network.

        Args:
            height: Of the pictures, in pixels.
            width: Of the pictures, in pixels.
            unpadded: Whether the network has convolutions without padding, which see the border
                of a picture less than the rest.
        """
        side = min(height, width)
        if self.padding >= side:
            told = f"{self.padding} pixels cannot be reflected of pictures of {side}"
            yield Mistake(f"{told}; at most {side - 1}", ("padding",))
        elif self.shifts and self.reflected >= side:
            told = f"{self.shift_pixels} is too far for pictures of {side} pixels"
            yield Mistake(f"{told}; at most {side - 1}", ("shift_pixels",))
        if self.kind == "pyramid":
            # The coarsest level still has two pixels along the shorter side.
            most = math.ceil(math.log2(side + 2 * self.padding))
            if self.levels > most:
                told = f"{self.levels} levels are more than pictures of {side} pixels have room for"
                yield Mistake(f"{told}; at most {most}", ("levels",))
        if self.shifts and unpadded and self.padding < self.shift_pixels:
            yield Mistake(
                "on a network whose convolutions are not padded, shifts need a padding of at least"
                f" shift_pixels, here {self.shift_pixels}; the padding is {self.padding}",
                ("shifts",),
            )

    def check(self, height: int, width: int, unpadded: bool) -> None:
        """Refuse what does not fit; see `mistakes`.

        Raises:
            ConfigError: A line per mistake.
        """
        found = list(self.mistakes(height, width, unpadded))
        if found:
            raise ConfigError(
                *(f"canvas.{'.'.join(mistake.path)}: {mistake.text}" for mistake in found)
            )


def _reflect(images: Pixels, pixels: int) -> Pixels:
    if not pixels:
        return images
    return np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), "reflect")
