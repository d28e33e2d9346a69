"""What readers of pictures raise among themselves."""


class RefusedError(Exception):
    """The picture cannot be used; the message says why, without its name."""
