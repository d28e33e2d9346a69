"""The section `data` of the config: where the study's dataset comes from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from nstcore.common.mistakes import MistakesError
from nstcore.common.section import Section
from nstcore.common.texts import PathText
from nstcore.dataset.layout import archive_name

OnBadImage = Literal["stop", "skip"]


class DownloadPatience(Section):
    """How long a download bears with Kaggle; changes no result."""

    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    """How often to ask, with growing waits of 5 to 135 seconds between."""
    stall_seconds: Annotated[float, Field(ge=1, le=86400)] = 120.0
    """An attempt ends when nothing has arrived for so long."""
    silence_seconds: Annotated[float, Field(ge=1, le=604800)] = 600.0
    """No attempt more when nothing has arrived for so long, waits included."""


class Data(Section):
    """Where the pictures come from."""

    source: Literal["kaggle", "directory"] | None = None
    """kaggle: download `dataset`. directory: use the copy at `path` as it is. By default what the
    other key tells."""
    dataset: Annotated[str | None, Field(pattern=r"^[\w-]+/[\w-]+/[0-9]+$")] = None
    """owner/name/version on Kaggle; for source kaggle."""
    path: PathText | None = None
    """The dataset as a folder or a zip archive, whole or `resized/` alone; or a folder of one's
    own, `<Style>/<picture>`; for source directory. It is only read."""
    on_bad_image: OnBadImage = "stop"
    """What to do about a picture that cannot be used: stop and name all of them, or skip it and
    take the next."""

    cache: Annotated[str, Field(min_length=1)] = "data/kaggle/cache"
    """Folder of downloads that are not whole yet, for source kaggle; may lie on another disk."""
    patience: DownloadPatience = DownloadPatience()

    @model_validator(mode="before")
    @classmethod
    def _infer_source(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and "source" not in values:
            for key, source in (("path", "directory"), ("dataset", "kaggle")):
                if key in values:
                    return {"source": source, **values}
        return values

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if self.source is None:
            raise MistakesError(
                "give 'path', a folder or an archive of your own, or 'dataset', owner/name/version "
                "on Kaggle"
            )
        needed, other = ("dataset", "path") if self.source == "kaggle" else ("path", "dataset")
        if getattr(self, needed) is None:
            raise MistakesError(f"source {self.source} needs the key {needed!r}")
        if getattr(self, other) is not None:
            raise MistakesError(f"source {self.source} has no use for {other!r}")
        return self

    @property
    def download(self) -> str | None:
        """What to call a download, by name and version: another version is another dataset.

        None where nothing is downloaded.
        """
        if self.dataset is None:
            return None
        _, name, version = self.dataset.split("/")
        return f"{name}-{version}"

    @property
    def archive(self) -> str | None:
        """The zip archive that the dataset is extracted from; None where it is a folder already."""
        if self.download:
            return f"data/kaggle/{self.download}.zip"
        path = local_path(str(self.path))
        return path if Path(path).is_file() else None

    @property
    def cache_folder(self) -> str:
        """The folder of downloads that are not whole yet."""
        return local_path(self.cache)

    @property
    def folder(self) -> str:
        """The folder that pictures are read from."""
        if self.download:
            return f"data/{self.download}"
        if self.archive:
            return f"data/extracted/{archive_name(self.archive)}"
        return local_path(str(self.path))


def local_path(path: str) -> str:
    """Return a path of the config as the system knows it: ~ is the home, no slash ends it."""
    return os.path.normpath(Path(path).expanduser())
