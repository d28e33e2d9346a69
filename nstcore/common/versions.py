"""Versions that are raised by hand, and by which results are told to be outdated."""

NUMERICS_VERSION = "3"
"""Raised when the same config would give other numbers: results are then made anew."""

CONFIG_VERSION = 4
"""Raised when the config's format or the files of a study change their meaning, or when programs
are handed their options in another way, by which Snakemake would take all results for outdated."""

READABLE_CONFIG_VERSIONS = (1, 2, 3, 4)
"""Versions whose records can be read (see `study.record`). Of version 1 the programs took every
option by itself; before version 3 the weights of losses were given or fixed, a run ended at the
first epoch that improved too little, and nobody watched it after that. Before version 4 each
picture was painted by a job of its own."""

SCORES_VERSION = "2"
"""Raised when the same pictures would get other scores: all are then scored anew."""
