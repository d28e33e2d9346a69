"""Versions that are raised by hand, and by which results are told to be outdated."""

NUMERICS_VERSION = "2"
"""Raised when the same config would give other numbers: results are then made anew."""

CONFIG_VERSION = 2
"""Raised when the config's format or the files of a study change their meaning, or when programs
are handed their options in another way, by which Snakemake would take all results for outdated."""

READABLE_CONFIG_VERSIONS = (1, 2)
"""Versions whose records and files mean the same as today's. Of version 1 the programs took every
option by itself."""

SCORES_VERSION = "1"
"""Raised when the same pictures would get other scores: all are then scored anew."""
