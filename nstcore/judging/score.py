"""Let the judge see a study's pictures, and write down what it finds."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstcore.common.errors import DataError
from nstcore.common.files import sha256
from nstcore.common.versions import SCORES_VERSION
from nstcore.judging.fitness import Fitness, measure_fitness
from nstcore.judging.score_table import PAINTING, STYLIZED, UNTOUCHED, Cache
from nstcore.selection.pictures import Picture

ScoreRow = dict[str, Any]
"""A value for each of the `score_table.ROW_COLUMNS`."""


@dataclass(frozen=True)
class JudgeFiles:
    """What a judge sees by."""

    network: Path
    """Its network."""
    reference: Path
    """The `judge.Reference` that `measure_bounds` keeps."""
    side: int
    """Of the square that it sees of every picture, in pixels."""


def measure_bounds(
    name: str, judging: JudgeFiles, selection: Sequence[Picture], inputs: Path
) -> tuple[list[ScoreRow], Fitness]:
    """Measure what scores lie between, and keep what pictures are to be judged by.

    Args:
        name: What the study calls the judge.
        judging: Its files, of which the reference is written.
        selection: The study's pictures.
        inputs: The folder of the prepared ones.

    Returns:
        The floor, a row per style and test content, and the ceiling, a row per held-out painting;
        and how fit the judge is for the styles, by these.

    Raises:
        StudyError: A file is missing or damaged.
    """
    from nstcore.backbones.backbone import Backbone
    from nstcore.judging.features import Paintings, PictureFeatures
    from nstcore.judging.judge import Reference, see_as_if_stylized

    judge = Backbone.load(judging.network)
    files = {picture.id: inputs / f"{picture.id}.png" for picture in selection}

    def see(entry: str) -> PictureFeatures:
        return see_as_if_stylized(judge, files[entry], judging.side)

    names: dict[str, list[str]] = {}
    for picture in selection:
        if picture.split == "heldout":
            names.setdefault(picture.style, []).append(picture.id)
    if not names:
        raise DataError("no held-out paintings are selected; set judge.heldout in the config")
    # Their features are too large to be kept of many: each is seen now, and again when scored.
    reference = Reference(
        {
            style: Paintings.from_pictures([see(entry) for entry in own])
            for style, own in names.items()
        }
    )
    contents = {picture.id: see(picture.id) for picture in selection if picture.split == "test"}
    rows = [
        _row(name, "", "", style, entry, UNTOUCHED, files[entry])
        | reference.score(content, style, [content])
        for style in names
        for entry, content in contents.items()
    ]
    for style, own in names.items():
        for number, entry in enumerate(own):
            scores = reference.score(see(entry), style, list(contents.values()), painting=number)
            rows.append(_row(name, "", "", style, entry, PAINTING, files[entry]) | scores)
    reference.save(judging.reference)
    distances: dict[str, dict[str, list[float]]] = {
        kind: {style: [] for style in names} for kind in (UNTOUCHED, PAINTING)
    }
    for row in rows:
        distances[row["kind"]][row["style"]].append(row["style_distance"])
    return rows, measure_fitness(reference, distances[UNTOUCHED], distances[PAINTING])


def score_pictures(
    judging: JudgeFiles,
    pictures: Sequence[tuple[str, str, Path]],
    contents: Mapping[str, Path],
    told: tuple[str, str, str],
    table: Path,
    start: Callable[[], None],
) -> int:
    """Score a model's pictures, but for those whose scores the table has already.

    Args:
        judging: The judge's files.
        pictures: Style, content id and file of each.
        contents: The prepared test contents, by id.
        told: What each row begins with: judge, backbone and aggregation.
        table: The rows to write, whole or not at all; those of an earlier run are used again.
        start: Called before TensorFlow is needed, if it is.

    Returns:
        How many pictures had to be scored.

    Raises:
        StudyError: A file is missing or damaged.
    """
    known = [sha256(path) for path in (judging.network, judging.reference, *contents.values())]
    cache = Cache(table, hashlib.sha256("".join([SCORES_VERSION, *known]).encode()).hexdigest())
    rows = [_row(*told, style, content_id, STYLIZED, path) for style, content_id, path in pictures]
    known_rows = [
        cache.find(*(str(row[key]) for key in ("style", "content_id", "sha256"))) for row in rows
    ]
    missing = [number for number, row_known in enumerate(known_rows) if row_known is None]
    if missing:
        start()
        from nstcore.backbones.backbone import Backbone
        from nstcore.judging.judge import Reference, see_as_if_stylized, see_stylized

        judge = Backbone.load(judging.network)
        reference = Reference.load(judging.reference)
        wanted = dict.fromkeys(pictures[number][1] for number in missing)
        seen = {entry: see_as_if_stylized(judge, contents[entry], judging.side) for entry in wanted}
        for number in missing:
            style, content_id, path = pictures[number]
            content = seen[content_id]
            picture = see_stylized(judge, path, contents[content_id], judging.side)
            rows[number] |= reference.score(picture, style, [content])
    cache.write([row_known or row for row_known, row in zip(known_rows, rows, strict=True)])
    return len(missing)


def _row(
    judge: str,
    backbone: str,
    aggregation: str,
    style: str,
    content_id: str,
    kind: str,
    path: Path,
) -> ScoreRow:
    """Return what a row tells beside the measures."""
    if not path.is_file():
        raise DataError(f"{path}: no such picture")
    return {
        "judge": judge,
        "backbone": backbone,
        "aggregation": aggregation,
        "style": style,
        "content_id": content_id,
        "kind": kind,
        "sha256": sha256(path),
    }
