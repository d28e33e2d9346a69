"""How far a long run is: a bar on a terminal, plain lines in a log."""

import math
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm


class Progress:
    """Shows epoch, losses, rate and the time that is left at most.

    Example:
        >>> with Progress(epochs=100) as progress:
        ...     train(..., progress=progress)
        epoch 12/100  total 0.483  content 0.0512  style 0.432  2.4 s/epoch  at most 4 min to go
    """

    def __init__(
        self,
        epochs: int,
        stream: TextIO | None = None,
        every: float = 5.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare for epochs 0 to `epochs`.

        Args:
            epochs: The last that may come; a run may end before it.
            stream: Where to show it; by default standard output.
            every: Seconds between lines at least, where the stream is no terminal.
            clock: Tells the time in seconds.
        """
        self._epochs = epochs
        self._stream = sys.stdout if stream is None else stream
        self._every = every
        self._clock = clock
        self._began = clock()
        # The first epoch builds the graph, and a run that goes on does not begin with epoch 0:
        # the rate is taken from the end of the first one seen.
        self._first: tuple[int, float] | None = None
        self._shown = -math.inf
        self._unshown: str | None = None
        self._bar = (
            tqdm(
                total=epochs,
                file=self._stream,
                dynamic_ncols=True,
                miniters=1,
                bar_format="epoch {n_fmt}/{total_fmt} |{bar}| {desc}",
            )
            if self._stream.isatty()
            else None
        )

    def __call__(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Show the end of an epoch.

        Args:
            epoch: Its number; where a run goes on, the first is not 0.
            losses: The averages of `history.LOSSES`.
        """
        now = self._clock()
        self._first = self._first or (epoch, now)
        total, content, style = (
            f"{name} {losses[f'{name}_loss']:.4g}" for name in ("total", "content", "style")
        )
        speed = self._speed(epoch, now)
        if self._bar is not None:
            # A narrow terminal cuts off the end.
            self._bar.set_description_str("  ".join([total, *speed, content, style]), refresh=False)
            self._bar.update(epoch - self._bar.n)
            return
        line = "  ".join([f"epoch {epoch}/{self._epochs}", total, content, style, *speed])
        if now - self._shown >= self._every or epoch == self._epochs:
            self._say(line)
            self._shown, self._unshown = now, None
        else:
            self._unshown = line

    def _speed(self, epoch: int, now: float) -> list[str]:
        """Tell the rate and the time left, as far as they are known."""
        first, since = self._first or (epoch, now)
        if epoch <= first or now <= since:
            return []
        seconds = (now - since) / (epoch - first)
        rate = f"{seconds:.3g} s/epoch" if seconds > 1 else f"{1 / seconds:.3g} epochs/s"
        # The stopping rule may end it sooner.
        left = f"at most {_spoken(seconds * (self._epochs - epoch))} to go"
        return [rate, left] if epoch < self._epochs else [rate]

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)

    def __enter__(self) -> Self:
        """Begin to show."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the bar, or show the last epoch and the time it all took."""
        if self._bar is not None:
            self._bar.close()
            return
        if self._unshown is not None:
            self._say(self._unshown)
        if kind is None:
            self._say(f"done in {_spoken(self._clock() - self._began)}")


def _spoken(seconds: float) -> str:
    """Write a time as "35 s", "3 min 35 s" or "2 h 5 min"."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
