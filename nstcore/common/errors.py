"""Errors that a user can mend: each is one line that says what is wrong, where, and the mend."""


class StudyError(Exception):
    """Something given to the study (config, picture, archive, weights) cannot be used.

    Programs print the message alone, without a traceback, and exit with code 1.
    """


class ConfigError(StudyError):
    """The config names an unknown key, layer, artist ... or holds a value of the wrong type."""


class ImageError(StudyError):
    """A picture is missing, empty, truncated, or no picture at all."""


class DataError(StudyError):
    """The dataset lacks what the config asks of it, or an archive cannot be trusted."""


class WeightsError(StudyError):
    """Pretrained weights cannot be had, read, or fitted to their backbone."""


class TargetError(StudyError):
    """A saved style target does not belong to the backbone it is used with."""


class TrainingError(StudyError):
    """Training gave nothing to choose from."""
