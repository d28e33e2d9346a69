"""The section `judge` of the config: the networks that score a study's pictures."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.backbones.network import BackboneNetwork, Network
from nstcore.common.hints import show
from nstcore.common.mistakes import Mistake, MistakesError, find_mistakes
from nstcore.common.section import Section, unique
from nstcore.common.texts import FileName

_LONGEST_NAME = 100


class Judge(Network):
    """The fixed network that scores pictures, none of the study's backbones."""

    layers: (
        Annotated[tuple[str, ...], Field(min_length=2, strict=False), AfterValidator(unique)] | None
    ) = None
    """What it compares by, from early to late; style by the one in the middle. By default those
    that the architecture would paint with."""
    heldout: Annotated[int, Field(ge=2, le=1_000_000)] = 20
    """Paintings per style that are set aside for the judge: no model paints after them. One number
    for all judges: it need be given with one of them only."""
    name: FileName | None = None
    """What files and tables call it; by default its architecture, or its file without the ending.
    Of several judges each needs another one."""

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
        """What messages, files, tables and findings call it."""
        if self.name:
            return self.name
        words = re.sub("[^A-Za-z0-9_.-]+", "_", self.architecture or Path(self.weights).stem)
        return words.lstrip("_.-")[:_LONGEST_NAME] or "judge"

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


class Judging(Section):
    """The judges of a study: in a config one section, or a list of them.

    A list of one says the same as the section alone.

    Raises:
        ConfigError: Two judges are one network, share a name, or differ in `heldout`; or one of
            them is wrong.
    """

    networks: Annotated[tuple[Judge, ...], Field(min_length=1, strict=False)]
    """At least one. The first one's scores are those that answers are in; others confirm them."""

    @property
    def heldout(self) -> int:
        """Paintings per style that are set aside."""
        return self.networks[0].heldout

    @property
    def names(self) -> tuple[str, ...]:
        """What messages, files, tables and findings call the judges."""
        return tuple(judge.label for judge in self.networks)

    def places(self) -> Iterator[tuple[tuple[str, ...], Judge]]:
        """Yield the judges with the keys that lead to each: none where there is one."""
        for number, judge in enumerate(self.networks):
            yield _place(number, len(self.networks)), judge

    @model_validator(mode="before")
    @classmethod
    def _take(cls, values: Any) -> Any:
        """Take what a config holds: a section or a list. Python hands over judges by name."""
        if isinstance(values, Mapping) and isinstance(values.get("networks"), tuple):
            given = values["networks"]
        elif isinstance(values, Mapping):
            given = (values,)
        elif isinstance(values, list):
            given = tuple(values)
        else:
            raise MistakesError(f"{show(values)} is neither a section nor a list of sections")
        if not given:
            raise MistakesError("an empty list; name a network, or remove the key")
        judges: list[Judge] = []
        mistakes: list[Mistake] = []
        for number, entry in enumerate(given):
            try:
                judges.append(Judge.model_validate(entry))
            except ValidationError as error:
                place = _place(number, len(given))
                mistakes += [
                    Mistake(mistake.text, (*place, *mistake.path))
                    for mistake in find_mistakes(error, Judge)
                ]
        mistakes = mistakes or list(_conflicts(judges))
        if mistakes:
            raise MistakesError(*mistakes)
        heldout = [judge.heldout for judge in judges if "heldout" in judge.model_fields_set]
        agreed = {"heldout": heldout[0]} if heldout else {}
        return {"networks": tuple(judge.model_copy(update=agreed) for judge in judges)}

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> Any:
        """Write what a config holds, so that the record of one judge is what it ever was."""
        networks = list(write(self)["networks"])
        return networks[0] if len(networks) == 1 else networks

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe for editors what a config holds."""
        described = handler(core_schema)
        own = handler.resolve_ref_schema(described)
        judges = own.pop("properties")["networks"]
        for key in ("type", "required", "additionalProperties"):
            own.pop(key)
        own["anyOf"] = [judges["items"], judges]
        return described


def _place(number: int, count: int) -> tuple[str, ...]:
    return (str(number),) if count > 1 else ()


def _conflicts(judges: list[Judge]) -> Iterator[Mistake]:
    """Yield what does not fit between judges."""
    kept = next((judge for judge in judges if "heldout" in judge.model_fields_set), None)
    for number, judge in enumerate(judges):
        place = _place(number, len(judges))
        for other in judges[:number]:
            if (other.architecture, other.weights) == (judge.architecture, judge.weights):
                yield Mistake(f"{judge.label} is there twice; name another network", place)
                break
            if other.label == judge.label:
                yield Mistake(
                    f"{show(judge.label)} is the name of another judge; give this one a name "
                    "by the key 'name'",
                    place,
                )
                break
        if kept and "heldout" in judge.model_fields_set and judge.heldout != kept.heldout:
            yield Mistake(
                f"{judge.heldout} here and {kept.heldout} with {kept.label}; all judges share the "
                "paintings that are set aside, so give one number",
                (*place, "heldout"),
            )
