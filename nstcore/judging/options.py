"""The section `judge` of the config: the network that scores a study's pictures."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.backbones.network import BackboneNetwork, Network
from nstcore.common.mistakes import MistakesError
from nstcore.common.section import unique


class Judge(Network):
    """The fixed network that scores pictures, none of the study's backbones."""

    layers: (
        Annotated[tuple[str, ...], Field(min_length=2, strict=False), AfterValidator(unique)] | None
    ) = None
    """What it compares by, from early to late; style by the one in the middle. By default those
    that the architecture would paint with."""
    heldout: Annotated[int, Field(ge=2, le=1_000_000)] = 20
    """Paintings per style that are set aside for the judge: no model paints after them."""

    @model_validator(mode="after")
    def _check_judge(self) -> Self:
        if self.weights == "random":
            raise MistakesError("untrained weights cannot judge; name trained ones")
        if not self.compared_layers:
            raise MistakesError("key 'layers' is missing")
        self.check_layers(self.compared_layers)
        return self

    @property
    def compared_layers(self) -> tuple[str, ...]:
        """What it compares by, from early to late."""
        if self.layers is not None:
            return self.layers
        usual = ARCHITECTURES.get(self.architecture or "")
        return usual.layers if usual else ()

    @property
    def label(self) -> str:
        """What messages call it."""
        return str(self.architecture or self.weights)

    def network(self) -> BackboneNetwork:
        """Return the same as a network that can be loaded.

        Pooling and precision are left to no config: a judge means the same in every study.
        """
        *early, last = self.compared_layers
        return BackboneNetwork(
            architecture=self.architecture,
            weights=self.weights,
            preprocessing=self.preprocessing,
            description=self.description,
            style_layers=dict.fromkeys(early, 1.0),
            content_layer=last,
        )
