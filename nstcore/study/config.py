"""A study's config: its sections put together, and what has to fit between them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from nstcore.backbones.network import BackboneNetwork
from nstcore.common.errors import ConfigError
from nstcore.common.hints import in_part, nearest, printable, show
from nstcore.common.mistakes import Mistake, MistakesError
from nstcore.common.section import OneOf, Section, unique
from nstcore.common.texts import FileName, PathText
from nstcore.dataset.artists import known_artists, same_name
from nstcore.dataset.source import Data
from nstcore.images.prepare import Shape
from nstcore.judging.options import Judging
from nstcore.losses.aggregation import AGGREGATIONS
from nstcore.losses.objective import BackboneWeights, Loss, Objective
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimizers import DEFAULTS, OPTIMIZERS, Optimizers
from nstcore.painting.schedule import Compute, Seed, Training
from nstcore.selection.styles import Contents, Styles

# Keys that tell how a config is handled: no result depends on them.
_HANDLING = ("on_config_change", "extends")

# Of the pictures of a batch together: VGG19's features of so many are about 100 GB.
_MOST_PIXELS = 1 << 26

# Whether to look at the files that the config names: a report is made where they are not, too.
_LOOK = "look at files"


def _take_over(backbones: Any) -> Any:
    """Give each backbone that is `like` another one all the keys that it does not give itself."""
    if not isinstance(backbones, Mapping):
        return backbones
    mistakes: list[Mistake | str] = []
    whole = dict(backbones)
    for name, given in backbones.items():
        if not isinstance(given, Mapping) or given.get("like") is None:
            continue
        base, others = given["like"], [other for other in backbones if other != name]
        own = backbones[base] if base in others else None
        if own is None:
            told = f"{show(base)} is no other backbone; {nearest(str(base), others)}"
            mistakes.append(Mistake(told, (str(name), "like")))
        elif not isinstance(own, Mapping):
            continue
        elif own.get("like") is not None:
            told = f"{show(base)} is itself like {show(own['like'])}; name that one"
            mistakes.append(Mistake(told, (str(name), "like")))
        else:
            whole[name] = {**own, **given}
    if mistakes:
        raise MistakesError(*mistakes)
    return whole


Aggregations = Annotated[
    tuple[Annotated[str, OneOf(AGGREGATIONS)], ...],
    Field(min_length=1, strict=False),
    AfterValidator(unique),
]


class Backbone(BackboneNetwork, BackboneWeights):
    """A backbone of the study: its network, and what is for it alone."""

    like: FileName | None = None
    """Of another backbone: all its keys are taken over but those that are given here."""
    canvas: Canvas | None = None
    """What pictures are held as while they are painted with it; by default that of the study."""
    aggregations: Aggregations | None = None
    """Of its own models; by default those of the study."""


class Study(Section):
    """A config that has been checked.

    Every key but `study`, `data`, `styles`, `contents` and `backbones` has a default.
    """

    study: FileName
    """Name of the study; its files go to results/<study>/."""
    seed: Seed = 0
    """Draws the contents and untrained weights."""
    image_size: Annotated[int, Field(ge=32, le=4096)] = 224
    """Side of the square that every picture is squeezed to, in pixels."""
    data: Data
    styles: Styles
    contents: Contents
    loss: Loss = Loss()
    canvas: Canvas = Canvas()
    backbones: Annotated[dict[FileName, Backbone], Field(min_length=1), BeforeValidator(_take_over)]
    """The pretrained networks, by the name that the study gives them."""
    judge: Judging | None = None
    """The network that scores pictures, or a list of several, which are to agree. Without this
    section nothing is set aside and nothing is scored."""
    aggregations: Aggregations = tuple(AGGREGATIONS)
    """How the style losses of many paintings become one; each with each backbone is a model."""
    optimizers: Optimizers = Field(default_factory=lambda: {n: OPTIMIZERS[n]() for n in DEFAULTS})
    """What every model is trained with, to choose the best; settings by name."""
    training: Training = Training()
    compute: Compute = Compute()
    on_config_change: Literal["stop", "rerun"] = "stop"
    """What to do when results/<study>/ was computed with another config."""
    extends: PathText | None = None
    """Of a file that gives only what differs: the config that it is laid over, unless another one
    is named before it on the command line."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Check a config, and the files of weights that it names.

        Raises:
            ConfigError: A line per mistake that names the key or value at fault and what is
                allowed.
        """
        # A key without a value would pass for one that is not there.
        empty = list(_find_empty(config, "config: "))
        try:
            study = cls.read(dict(config), "config", {_LOOK: True})
        except ConfigError as error:
            told = [line for line in error.lines if not line.startswith(tuple(empty))]
        else:
            told = []
        if empty or told:
            lines = [f"{key}: nothing is given; give a value, or remove the key" for key in empty]
            lines += told
            raise ConfigError(*in_part(lines))
        return study

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.study

    @property
    def results(self) -> str:
        """The folder of its files."""
        return f"results/{self.study}"

    @property
    def test_shape(self) -> Shape:
        """What test contents are prepared as."""
        return Shape(self.contents.test_size or self.image_size, self.contents.fit)

    def objective(self, backbone: str) -> Objective:
        """Return what is minimised with a backbone, but for the aggregation."""
        return self.loss.objective(self.backbones[backbone])

    def network(self, backbone: str) -> BackboneNetwork:
        """Return the network of a backbone, without weights of losses."""
        return self.backbones[backbone].only(BackboneNetwork)

    def file_of(self, backbone: str) -> str:
        """Return the backbone under whose name the network of a backbone is kept.

        It is that which it is `like`, where both have one network: style targets are the same, too.
        """
        like = self.backbones[backbone].like
        same = like is not None and self.network(like) == self.network(backbone)
        return str(like) if same else backbone

    @property
    def files(self) -> list[str]:
        """The backbones whose networks and style targets are kept, each network once."""
        return list(dict.fromkeys(self.file_of(name) for name in self.backbones))

    def canvas_of(self, backbone: str) -> Canvas:
        """Return what pictures are held as while they are painted with a backbone."""
        return self.backbones[backbone].canvas or self.canvas

    def aggregations_of(self, backbone: str) -> tuple[str, ...]:
        """Return the aggregations of a backbone's models, in the order of the study's."""
        own = self.backbones[backbone].aggregations or self.aggregations
        return tuple(name for name in self.aggregations if name in own)

    @property
    def models(self) -> list[tuple[str, str]]:
        """The models: backbone and aggregation."""
        return [
            (backbone, aggregation)
            for backbone in self.backbones
            for aggregation in self.aggregations_of(backbone)
        ]

    def given(self) -> dict[str, Any]:
        """Return the values on which results depend that do not equal their defaults."""
        values = super().given()
        for name in _HANDLING:
            values.pop(name, None)
        return values

    def recorded(self) -> dict[str, Any]:
        """Return all that results belong to, as plain values for JSON, with the defaults."""
        return {name: value for name, value in self.full().items() if name not in _HANDLING}

    @field_validator("styles")
    @classmethod
    def _check_known(cls, styles: Styles, info: ValidationInfo) -> Styles:
        """Refuse what a known dataset lacks, before gigabytes are downloaded."""
        if _looks(info):
            styles = styles.listed()
        data: Data | None = info.data.get("data")
        known = known_artists(data.dataset) if data and data.dataset else None
        if data is None or known is None:
            return styles
        genres = sorted({genre for own in known.values() for genre in own})
        mistakes = [
            Mistake(f"{show(label)} is not in {data.dataset}; {nearest(label, allowed)}", (key,))
            for key, asked, allowed in (
                ("artists", styles.artists, list(known)),
                ("genres", styles.genres, genres),
            )
            for label in asked or ()
            if not any(same_name(label, name) for name in allowed)
        ]
        if mistakes:
            raise MistakesError(*mistakes)
        return styles

    @field_validator("canvas")
    @classmethod
    def _check_canvas(cls, canvas: Canvas, info: ValidationInfo) -> Canvas:
        mistakes = _misfits(canvas, info, unpadded=False)
        if mistakes:
            raise MistakesError(*mistakes)
        return canvas

    @field_validator("backbones")
    @classmethod
    def _check_backbones(
        cls, backbones: dict[str, Backbone], info: ValidationInfo
    ) -> dict[str, Backbone]:
        """See that there are files of weights for each, and that its canvas fits."""
        mistakes: list[Mistake] = []
        for name, backbone in backbones.items():
            try:
                if _looks(info):
                    backbone.check_files(backbone.layers)
                elif backbone.architecture is None:
                    continue
                unpadded = backbone.is_unpadded
            except MistakesError as error:
                mistakes += [Mistake(mistake.text, (name,)) for mistake in error.mistakes]
                continue
            canvas = backbone.canvas or info.data.get("canvas") or Canvas()
            # What is wrong with the study's own for any backbone has been told already.
            told = [] if backbone.canvas else _misfits(canvas, info, unpadded=False)
            mistakes += [
                Mistake(mistake.text, (name, "canvas", *mistake.path))
                for mistake in _misfits(canvas, info, unpadded=unpadded)
                if mistake not in told
            ]
        if mistakes:
            raise MistakesError(*mistakes)
        return backbones

    @field_validator("aggregations")
    @classmethod
    def _check_aggregations(
        cls, aggregations: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        """See that they are all that a backbone's own models have."""
        mistakes = [
            f"{own} is missing, which the backbone {name} has"
            for name, backbone in info.data.get("backbones", {}).items()
            for own in backbone.aggregations or ()
            if own not in aggregations
        ]
        if mistakes:
            raise MistakesError(*mistakes)
        return aggregations

    @field_validator("training")
    @classmethod
    def _check_pixels(cls, training: Training, info: ValidationInfo) -> Training:
        """Refuse batches that no machine has the memory for."""
        contents, side = info.data.get("contents"), info.data.get("image_size", 1)
        batch = min(training.batch, contents.train) if contents else 0
        most = _MOST_PIXELS // side**2
        if batch > most:
            told = f"{batch} pictures of {side} pixels a side exceed any memory; at most {most}"
            raise MistakesError(Mistake(told, ("batch",)))
        return training

    @field_validator("judge")
    @classmethod
    def _check_judge(cls, judging: Judging | None, info: ValidationInfo) -> Judging | None:
        mistakes: list[Mistake] = []
        for place, judge in judging.places() if judging else ():
            if _looks(info):
                try:
                    judge.check_files(judge.compared_layers)
                except MistakesError as error:
                    mistakes += [Mistake(mistake.text, place) for mistake in error.mistakes]
            for name, backbone in info.data.get("backbones", {}).items():
                if (backbone.architecture, backbone.weights) == (judge.architecture, judge.weights):
                    told = (
                        f"{judge.label} is the backbone {name}, whose own pictures it would "
                        "favour; name another network"
                    )
                    mistakes.append(Mistake(told, place))
        if mistakes:
            raise MistakesError(*mistakes)
        return judging


def _find_empty(values: Any, where: str) -> Iterator[str]:
    """Yield the keys of a config that have no value."""
    for key, value in values.items() if isinstance(values, Mapping) else ():
        if value is None:
            yield f"{where}{printable(str(key))}"
        yield from _find_empty(value, f"{where}{printable(str(key))}.")
        for number, inner in enumerate(value) if isinstance(value, list) else ():
            yield from _find_empty(inner, f"{where}{printable(str(key))}.{number}.")


def _misfits(canvas: Canvas, info: ValidationInfo, *, unpadded: bool) -> list[Mistake]:
    contents = info.data.get("contents")
    sides = [info.data.get("image_size"), contents.test_size if contents else None]
    # What fits the smaller one fits both.
    side = min((side for side in sides if side), default=0)
    return list(canvas.mistakes(side, side, unpadded)) if side else []


def _looks(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get(_LOOK))
