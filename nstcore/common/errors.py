"""Errors that a user can mend: each line says what is wrong, where, and the mend."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self


class StudyError(Exception):
    """Something given to the study (config, picture, archive, weights) cannot be used.

    Programs print the message alone, without a traceback, and exit with code 1.
    """

    @property
    def lines(self) -> list[str]:
        """The message: one line per thing that is wrong, most often one."""
        return [str(self)]


class SeveralError(StudyError):
    """Several things cannot be used, each of which has been looked at by itself."""

    def __init__(self, *errors: StudyError) -> None:
        """Take what each of them raised."""
        super().__init__("\n".join(map(str, errors)))
        self._lines = list(dict.fromkeys(line for error in errors for line in error.lines))

    @property
    def lines(self) -> list[str]:
        """All their lines, each once."""
        return self._lines


class Attempts:
    """Things that are done one after another, of which one that fails costs no other one.

    What went wrong is raised once all were tried, as one `SeveralError`.

    Example:
        >>> with Attempts() as attempts:
        ...     for picture in pictures:
        ...         with attempts.one():
        ...             paint(picture)
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._errors: list[StudyError] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        """Try one: an error of the user's is kept for the end, any other ends all."""
        try:
            yield
        except StudyError as error:
            self._errors.append(error)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise what was kept, if nothing else is being raised."""
        if kind is None and self._errors:
            raise SeveralError(*self._errors)


class ConfigError(StudyError):
    """The config names an unknown key, layer, artist ... or holds a value of the wrong type.

    Takes a line per mistake: a user mends all of them at once.
    """

    def __init__(self, *lines: str) -> None:
        """Take the lines."""
        super().__init__("\n".join(lines))
        self._lines = list(lines)

    @property
    def lines(self) -> list[str]:
        """A line per mistake."""
        return self._lines


class ImageError(StudyError):
    """A picture is missing, empty, truncated, or no picture at all."""


class DataError(StudyError):
    """The dataset lacks what the config asks of it, or an archive cannot be trusted."""


class OutdatedError(DataError):
    """A file of the study is sound, but of another version; running the study writes it anew."""


class WeightsError(StudyError):
    """Pretrained weights cannot be had, read, or fitted to their backbone."""


class TargetError(StudyError):
    """A saved style target does not belong to the backbone it is used with."""


class TrainingError(StudyError):
    """Training gave nothing to choose from."""
