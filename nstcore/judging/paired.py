"""The scores of all stylised pictures, to be taken together by style and content.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from nstcore.judging.findings import Statement
from nstcore.judging.measures import COMPARED, MEASURES
from nstcore.judging.score_table import SCALED, STYLIZED, UNTOUCHED
from nstcore.judging.sentences import tell
from nstcore.judging.statistics import Verdict, compare

# What questions are about, of all that is compared.
STYLE, CONTENT, COLORS, CHANGE, GRAIN, GRID = (
    "style reached",
    "content lost",
    "colours reached",
    "change",
    "grain",
    "grid",
)
FRINGES = "fringes at the edges"

_NOTHING = 1e-9
Model = tuple[str, str]
"""Backbone and aggregation."""


class Paired:
    """The scores of all stylised pictures, by every judge."""

    def __init__(
        self, scores: pd.DataFrame, judges: Sequence[str], left_out: Mapping[str, str]
    ) -> None:
        """Take scores.

        Args:
            scores: With `score_table.SCORE_COLUMNS`.
            judges: Whose, the one whose numbers are told first.
            left_out: Styles that are left out of what is said of style.
        """
        self._all = scores
        self.judges = tuple(judges)
        self.left_out = left_out
        stylized = self._of(STYLIZED, self.judges[0])
        models = zip(stylized["backbone"], stylized["aggregation"], strict=True)
        self.models: list[Model] = list(dict.fromkeys(models))
        self.backbones = list(dict.fromkeys(backbone for backbone, _ in self.models))
        self.aggregations = list(dict.fromkeys(aggregation for _, aggregation in self.models))
        self._tables: dict[tuple[str, str], pd.DataFrame] = {}

    def _of(self, kind: str, judge: str) -> pd.DataFrame:
        return self._all[(self._all["kind"] == kind) & (self._all["judge"] == judge)]

    def judges_of(self, label: str) -> tuple[str, ...]:
        """Return who has a say in a measure: every judge; the first where it needs no network."""
        return self.judges if MEASURES[COMPARED[label][0]].by_judge else self.judges[:1]

    def named(self, label: str, judge: str) -> str:
        """Return whose scores these are, for a sentence; empty where that goes without saying."""
        return judge if len(self.judges_of(label)) > 1 else ""

    def is_scaled(self, label: str) -> bool:
        """Whether a measure is told on its scale, which takes one style at least that has one."""
        name, wording = COMPARED[label]
        column = f"{name}_scaled"
        return wording.scaled and all(
            self._usable(self._of(STYLIZED, judge), label)[column].notna().any()
            for judge in self.judges_of(label)
        )

    def unit(self, label: str) -> str:
        """Say what the values of a measure are told in; empty where that goes without saying."""
        if self.is_scaled(label):
            return "way from the own content, 0, to a real painting, 1"
        return {
            STYLE: "nearer to the paintings than the own content, in the judge's distance",
            COLORS: "nearer to the paintings than the own content, in units of CIELAB",
            CONTENT: "perceptual distance to the content",
        }.get(label, "")

    def _usable(self, table: pd.DataFrame, label: str) -> pd.DataFrame:
        return table[~table["style"].isin(self.left_out)] if label == STYLE else table

    def values(
        self,
        label: str,
        backbone: str | None = None,
        aggregation: str | None = None,
        judge: str | None = None,
    ) -> pd.Series:
        """Return a value per style and content: the mean over the models that are asked for.

        See `of_models`.
        """
        wanted = [
            model
            for model in self.models
            if backbone in {None, model[0]} and aggregation in {None, model[1]}
        ]
        return self.of_models(label, wanted, judge)

    def of_models(self, label: str, models: Sequence[Model], judge: str | None = None) -> pd.Series:
        """Return a value per style and content: the mean over models, geometric of ratios.

        More is more of what the label says. Where a measure has a scale it is told on that; without
        one, what is to be reached is told by how much nearer the picture has come than its own
        content was.

        Returns:
            By style and content id; without those for which one of the models has none.
        """
        table = self._table(label, judge or self.judges[0])
        values = table.reindex(columns=list(models)).mean(axis=1, skipna=False).dropna()
        return values.map(math.exp) if COMPARED[label][1].ratio else values

    def _table(self, label: str, judge: str) -> pd.DataFrame:
        """Return a column per model; of ratios the logarithms."""
        key = (label, judge)
        if key not in self._tables:
            name, wording = COMPARED[label]
            rows = self._usable(self._of(STYLIZED, judge), label)
            sign = 1.0
            column = name
            if wording.scaled:
                towards = not MEASURES[name].of_content
                if self.is_scaled(label):
                    column = f"{name}_scaled"
                elif towards:
                    column, sign = f"{name}_change", -1.0
            table = rows.pivot_table(
                index=["style", "content_id"],
                columns=["backbone", "aggregation"],
                values=column,
                dropna=False,
                sort=False,
            )
            if wording.ratio:
                table = table.clip(lower=_NOTHING).map(math.log)
            self._tables[key] = sign * table
        return self._tables[key]

    def untouched(self, label: str) -> pd.Series:
        """Return what the untouched contents have of a measure as it is, by style and content."""
        name = COMPARED[label][0]
        rows = self._of(UNTOUCHED, self.judges[0])
        return rows.set_index(["style", "content_id"])[name].astype(float)

    def share(self, name: str, model: Model, judge: str | None = None) -> pd.Series:
        """Return a measure of a model's pictures as it is, without styles that are left out."""
        rows = self._of(STYLIZED, judge or self.judges[0])
        own = rows[(rows["backbone"] == model[0]) & (rows["aggregation"] == model[1])]
        own = own[~own["style"].isin(self.left_out)]
        return own.set_index(["style", "content_id"])[name].astype(float).dropna()

    def compare(
        self, label: str, kind: str, first: str, second: str, confidence: float, where: str = ""
    ) -> list[Statement]:
        """Compare two backbones or two aggregations, a statement by each judge.

        `where` is the only backbone to look at. Models that have no counterpart are left out.
        """
        ours, theirs = self.alike(kind, [first, second], where)
        sides = (first, ours), (second, theirs)
        return self.compare_groups(label, sides[0], sides[1], confidence, where)

    def alike(self, kind: str, names: Sequence[str], where: str = "") -> list[list[Model]]:
        """Return models of several backbones or aggregations that are alike in all else.

        A backbone may lack aggregations that another one has: what not all of the names have would
        tell of something else than of them.

        Args:
            kind: "backbone" or "aggregation".
            names: Those that are compared.
            where: The only backbone to look at; any.

        Returns:
            For each name as many, with the same others; none where they share none.
        """
        number = 0 if kind == "backbone" else 1
        shared = [
            other
            for other in (self.aggregations if number == 0 else self.backbones)
            if (not where or other == where)
            and {_join(number, name, other) for name in names} <= set(self.models)
        ]
        return [[_join(number, name, other) for other in shared] for name in names]

    def compare_groups(
        self,
        label: str,
        first: tuple[str, Sequence[Model]],
        second: tuple[str, Sequence[Model]],
        confidence: float,
        where: str = "",
    ) -> list[Statement]:
        """Compare two groups of models, each with its name: a statement by each judge."""
        return [
            self.compare_values(
                label,
                (first[0], self.of_models(label, first[1], judge)),
                (second[0], self.of_models(label, second[1], judge)),
                confidence,
                where,
                self.named(label, judge),
            )
            for judge in self.judges_of(label)
        ]

    def compare_models(
        self, label: str, first: Model, second: Model, confidence: float
    ) -> list[Statement]:
        """Compare two models, a statement by each judge."""
        return [
            self.compare_values(
                label,
                (name_model(first), self.values(label, *first, judge=judge)),
                (name_model(second), self.values(label, *second, judge=judge)),
                confidence,
                judge=self.named(label, judge),
            )
            for judge in self.judges_of(label)
        ]

    def compare_values(
        self,
        label: str,
        first: tuple[str, pd.Series],
        second: tuple[str, pd.Series],
        confidence: float,
        where: str = "",
        judge: str = "",
    ) -> Statement:
        """Compare two series of values of a measure."""
        ratio = COMPARED[label][1].ratio
        comparison = compare(label, first, second, confidence, ratio=ratio)
        return Statement(tell(comparison, where, judge), comparison, where, judge)

    def find_unscaled(self) -> dict[str, tuple[str, ...]]:
        """Return the styles in which a measure has no scale, by measure; without those of none."""
        found = {}
        for name in SCALED:
            rows = self._all[self._all["kind"] == UNTOUCHED]
            missing = rows[rows[f"{name}_scaled"].isna()]["style"]
            if len(missing):
                found[name] = tuple(dict.fromkeys(missing))
        return found


def _join(number: int, name: str, other: str) -> Model:
    return (name, other) if number == 0 else (other, name)


def name_model(model: Model) -> str:
    """Name a model as readers see it."""
    return f"{model[0]} · {model[1]}"


def agreed(statements: Sequence[Statement]) -> Verdict:
    """Return what all judges say of one comparison; undecided where they do not agree."""
    verdicts = {statement.comparison.verdict for statement in statements}
    if "too few" in verdicts:
        return "too few"
    return verdicts.pop() if len(verdicts) == 1 else "undecided"


def known(values: pd.Series) -> pd.Series:
    """Return the finite values of a series."""
    return values[values.map(math.isfinite)] if len(values) else values
