"""`nst style`: paintings to a style file."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from nstcore.app.files import check_writable, find_pictures
from nstcore.app.networks import choose
from nstcore.app.style_file import SUFFIX, StyleFile
from nstcore.common.errors import ConfigError, DataError, ImageError
from nstcore.common.runtime import start_tensorflow

_FEWEST = 16


def show(args: argparse.Namespace) -> None:
    """Print what a style file is."""
    print("\n".join(StyleFile.load(args.paintings[1]).describe()))


def make(args: argparse.Namespace) -> None:
    """Make a style file; hundreds of paintings are read one after the other."""
    output = Path(args.output)
    if output.suffix != SUFFIX:
        raise ConfigError(f"{output}: a style file ends in {SUFFIX}")
    if output.is_dir():
        raise ConfigError(f"{output}: a folder stands where the style file goes; rename it")
    if output.exists() and not args.force:
        raise ConfigError(f"{output}: is there already; add --force to write over it")
    check_writable(output)
    paths = find_pictures(args.paintings)
    start_tensorflow(args.threads)

    from tqdm import tqdm

    from nstcore.backbones.backbone import load_backbone
    from nstcore.images.io import Pixels, read_image, resize, to_pixels
    from nstcore.losses.style_target import StyleTarget

    network, why = choose(args.network)
    if why:
        print(f"note: {why}", file=sys.stderr)
    names: list[str] = []
    unread: list[str] = []

    def read() -> Iterator[Pixels]:
        for path in tqdm(paths, unit=" paintings", disable=not sys.stderr.isatty()):
            try:
                image = read_image(path)
                pixels = to_pixels(resize(image, fit(path, image.size, args.size)))
            except ImageError as error:
                if not args.skip_unreadable:
                    raise ImageError(f"{error}; --skip-unreadable leaves it out") from None
                unread.append(str(error))
                continue
            names.append(path.name)
            yield pixels

    backbone = load_backbone(network)
    paintings = read()
    first = next(paintings, None)
    if first is None:
        raise DataError(f"none of {len(paths)} paintings can be read; the first: {unread[0]}")

    def all_of_them() -> Iterator[Pixels]:
        yield first
        yield from paintings

    # The names are there once the last painting has been read.
    target = StyleTarget.from_images(backbone, all_of_them(), names)
    for line in unread:
        print(f"left out: {line}", file=sys.stderr)
    StyleFile(target, network, args.size, args.note).save(output)
    print(f"{output}: {target.count} paintings, {network.description}")


def fit(path: Path, size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return (width, height) of a picture whose longest side is to be at most `longest`.

    Raises:
        ImageError: That leaves too few pixels on its shorter side: pooling would leave none.
    """
    factor = min(1.0, longest / max(size))
    width, height = (max(1, round(side * factor)) for side in size)
    if min(width, height) < _FEWEST:
        raise ImageError(
            f"{path}: {size[0]} x {size[1]} pixels are too few to see a style in; it takes "
            f"{_FEWEST} a side at --size {longest}"
        )
    return width, height
