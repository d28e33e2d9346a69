"""What a study's backbones hold their pictures as, and which of them differ by that alone.

Nothing here needs TensorFlow.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nstcore.common.errors import ConfigError
from nstcore.judging.paired import Model

PLAIN = "plain pixels"
"""What a picture without any cure is held as."""


@dataclass(frozen=True)
class Variant:
    """A backbone, and what its pictures are held as."""

    name: str
    like: str | None
    """The backbone whose network it has."""
    given: tuple[str, ...]
    """What its canvas has that plain pixels have not."""
    same: bool = True
    """Whether nothing but the canvas tells it from what it is like."""
    network: str = ""
    """Its architecture, or the name of the file that brings one."""

    @property
    def cures(self) -> str:
        """All that, "pyramid + shifts"; empty on plain pixels."""
        return " + ".join(self.given)


@dataclass(frozen=True)
class Cured:
    """A model beside that of the same network and aggregation on plain pixels."""

    cures: str
    network: str
    """The backbone on plain pixels."""
    backbone: str
    aggregation: str

    @property
    def model(self) -> Model:
        """The model with the cures."""
        return self.backbone, self.aggregation

    @property
    def plain(self) -> Model:
        """The model without."""
        return self.network, self.aggregation


def read_variants(text: str) -> tuple[Variant, ...]:
    """Read what a study's backbones are.

    Args:
        text: JSON, by backbone: `like` (a name or null), `canvas` (its options that differ from
            plain pixels), `same` and `network` (see `Variant`).

    Raises:
        ConfigError: It is something else.
    """
    try:
        return tuple(
            Variant(name, one["like"], tuple(_cures(one["canvas"])), one["same"], one["network"])
            for name, one in json.loads(text).items()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError("canvases: not the canvas of each backbone, as JSON") from None


def _cures(canvas: Mapping[str, Any]) -> Iterator[str]:
    kind = {"pyramid": "pyramid", "fourier": "Fourier"}.get(canvas.get("kind", "pixels"))
    if kind:
        yield kind
    yield from (name for name in ("shifts", "padding") if canvas.get(name))


def list_cured(variants: Sequence[Variant], models: Sequence[Model]) -> list[Cured]:
    """Return the models that differ from one on plain pixels by their canvas alone.

    Args:
        variants: The study's backbones.
        models: Those that are there; a backbone may lack aggregations that another one has.
    """
    plain = {one.name for one in variants if not one.given}
    return [
        Cured(one.cures, one.like, *model)
        for one in variants
        if one.given and one.same and one.like is not None and one.like in plain
        for model in models
        if model[0] == one.name and (one.like, model[1]) in models
    ]


def take_one_each(cured: Sequence[Cured]) -> list[Cured]:
    """Take each backbone once: with the aggregation that most of them have, or else its first."""
    counts = Counter(one.aggregation for one in cured)
    taken: dict[str, Cured] = {}
    for one in cured:
        before = taken.get(one.backbone)
        if before is None or counts[one.aggregation] > counts[before.aggregation]:
            taken[one.backbone] = one
    return list(taken.values())


def find_reference(variants: Sequence[Variant]) -> str | None:
    """Return the plain backbone that others are held against: of VGG, or else the first one."""
    plain = [one for one in variants if one.like is None and not one.given]
    vgg = [one for one in plain if one.network.lower().startswith("vgg")]
    return next((one.name for one in (*vgg, *plain)), None)


def list_bases(variants: Sequence[Variant]) -> dict[str, list[Variant]]:
    """Return by network the ways to hold its pictures: as it is, then with the most cures."""
    found = {}
    for base in variants:
        if base.like is None:
            own = [one for one in variants if base.name in {one.like, one.name}]
            best = max(own, key=lambda one: len(one.given))
            found[base.name] = list(dict.fromkeys([base, best]))
    return found
