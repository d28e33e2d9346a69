"""Take pictures in a given order, without those that cannot be used or look like others."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from nstcore.common.errors import DataError
from nstcore.dataset.catalogue import Artwork, same_picture, shows_same
from nstcore.dataset.passed_over import PassedOver, mention
from nstcore.dataset.source import OnBadImage
from nstcore.selection.pictures import Skipped
from nstcore.selection.styles import DrawnContents, Style


class Taker:
    """Takes pictures, and keeps what is wrong with those that cannot be used."""

    def __init__(self, on_bad_image: OnBadImage) -> None:
        """Decide what becomes of those: they are taken to be told of, or others in their places."""
        self._stop = on_bad_image == "stop"
        self.skipped: list[Skipped] = []

    def take_paintings(
        self,
        candidates: Sequence[Artwork],
        style: Style,
        heldout: int,
        passed_over: Sequence[PassedOver] = (),
    ) -> dict[str, list[Artwork]]:
        """Take as many paintings as the style asks for, the first of them, and set some aside.

        Args:
            candidates: The style's paintings in order.
            style: How many of them to take.
            heldout: How many more to set aside.
            passed_over: What lies among them; named where there are too few.

        Raises:
            DataError: There are fewer.
        """
        if style.images is None:
            taken = self._take(candidates, len(candidates), style.label)
            aside = _last_unlike_others(taken, heldout)
            targets = [artwork for artwork in taken if artwork not in aside]
        else:
            targets = self._take(candidates, style.images, style.label)
            rest = candidates[candidates.index(targets[-1]) + 1 :] if targets else []
            aside = self._take(_new(rest, [], targets), heldout, style.label)
        if len(targets) < (style.images or 1) or len(aside) < heldout:
            bad = sum(bool(artwork.fault) for artwork in candidates)
            wanted = "all" if style.images is None else str(style.images)
            raise DataError(
                f"{style.label}: {len(candidates)} paintings"
                + (f", {bad} of them unusable" if bad else "")
                + f", {wanted} asked"
                + (f" and {heldout} to set aside that look like no other" if heldout else "")
                + "; lower styles.images"
                + (" or judge.heldout" if heldout else "")
                + " in the config, or add paintings"
                + mention(passed_over)
            )
        return {"target": targets, "heldout": aside}

    def take_contents(
        self,
        order: Sequence[Artwork],
        paintings: Sequence[Artwork],
        wanted: DrawnContents,
        passed_over: Sequence[PassedOver] = (),
    ) -> dict[str, list[Artwork]]:
        """Take contents, by split, that neither look like a painting nor like one another.

        Args:
            order: Pictures in the order in which they are drawn.
            paintings: All styles'.
            wanted: How many contents to take.
            passed_over: What lies among them; named where there are too few.

        Raises:
            DataError: There are too few.
        """
        used: list[Artwork] = []
        # From both ends, so that no split decides which pictures the other gets.
        tests = self._take(_new(order, used, paintings), wanted.test, "contents")
        trains = self._take(_new(order[::-1], used, paintings), wanted.train, "contents")
        if len(tests) < wanted.test or len(trains) < wanted.train:
            supply, left_out = _tell_supply(order, paintings)
            raise DataError(
                f"contents: {supply} pictures to draw from, too few for {wanted.train} training"
                f" and {wanted.test} test contents{left_out}{mention(passed_over)}"
            )
        return {"train": trains, "test": tests}

    def _take(self, candidates: Iterable[Artwork], wanted: int, use: str) -> list[Artwork]:
        taken: list[Artwork] = []
        for artwork in candidates if wanted else ():
            if artwork.fault:
                self.skipped.append(Skipped(use, artwork.source, artwork.fault))
            # One that stops the study keeps its place: only what the study needs is judged.
            if self._stop or not artwork.fault:
                taken.append(artwork)
            if len(taken) == wanted:
                break
        return taken


def _last_unlike_others(artworks: Sequence[Artwork], count: int) -> list[Artwork]:
    """Return the last pictures, in their order, that look like no other one."""
    alone = (
        artwork
        for artwork in reversed(artworks)
        if not any(shows_same(artwork, other) for other in artworks if other is not artwork)
    )
    return list(islice(alone, count))[::-1]


def _new(
    candidates: Iterable[Artwork], used: list[Artwork], paintings: Sequence[Artwork]
) -> Iterator[Artwork]:
    """Yield pictures that neither are nor look like one that is used; from then they are used.

    A painting is also recognised in a frame or cut: comparing so takes longer than that there may
    be thousands of contents.
    """
    for artwork in candidates:
        if any(same_picture(artwork, other) for other in used):
            continue
        if not any(shows_same(artwork, painting) for painting in paintings):
            used.append(artwork)
            yield artwork


def _tell_supply(order: Sequence[Artwork], paintings: Sequence[Artwork]) -> tuple[int, str]:
    """Return how many pictures there are to draw from, and in words why not more."""
    sound = [artwork for artwork in order if not artwork.fault]
    unlike = [
        artwork
        for artwork in sound
        if not any(shows_same(artwork, painting) for painting in paintings)
    ]
    single: list[Artwork] = []
    for artwork in unlike:
        if not any(same_picture(artwork, other) for other in single):
            single.append(artwork)
    reasons = {
        "style images or like one": len(sound) - len(unlike),
        "like another content": len(unlike) - len(single),
        "unusable": len(order) - len(sound),
    }
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    return len(single), f"; left out of {len(order)}: {told}" if told else ""
