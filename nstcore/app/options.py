"""The options of `nst`; nothing here needs TensorFlow, NumPy or Pillow, which take seconds."""

import argparse
import math
from importlib.metadata import version

AGGREGATIONS = ("simple", "squared", "logged")
NETWORKS = ("VGG19", "VGG16", "HED")
PRECISIONS = ("auto", "float32", "bfloat16")
STEPS, SIZE = 150, 512


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """Read a command line; what is wrong with it ends the process with exit code 2 and a line."""
    parser = argparse.ArgumentParser(
        prog="nst", description="Paint photographs like an artist, after hundreds of paintings."
    )
    parser.add_argument("--version", action="version", version=f"nst {version('nstcore')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_style(commands.add_parser("style", help="make a style file of paintings, or show one"))
    _add_paint(commands.add_parser("paint", help="paint photographs in a style"))
    args = parser.parse_args(words)
    if args.command == "style":
        _check_style(parser, args)
    else:
        _check_paint(parser, args)
    return args


def _add_style(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make a style file of an artist's paintings; `nst style show FILE` tells what one is."
    )
    parser.add_argument("paintings", nargs="+", metavar="PAINTINGS", help="folders, files, globs")
    parser.add_argument("-o", "--output", metavar="FILE.nst", help="the style file to write")
    parser.add_argument("--size", type=_size, default=SIZE, help="longest side of a painting seen")
    parser.add_argument("--network", choices=NETWORKS, help="by default what can be had")
    parser.add_argument("--note", default="", help="kept in the file: a source, a licence")
    parser.add_argument(
        "--skip-unreadable", action="store_true", help="leave out what is no picture"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    _add_threads(parser)


def _add_paint(parser: argparse.ArgumentParser) -> None:
    parser.description = "Paint photographs in a style, or between several."
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="photographs, folders, globs")
    parser.add_argument(
        "--style",
        action="append",
        default=[],
        type=_style,
        metavar="FILE.nst[=SHARE]",
        help="a style file; several are blended by their shares",
    )
    parser.add_argument("-o", "--output", help="a folder, or a .png, .jpg or .tif file")
    parser.add_argument("--aggregation", choices=AGGREGATIONS, help="how paintings become one")
    parser.add_argument(
        "--strength", type=_strength, help="from 0, hardly, to 1, entirely; by default 0.5"
    )
    parser.add_argument("--size", type=_size, help=f"longest side in pixels; by default {SIZE}")
    parser.add_argument(
        "--keep-colours",
        "--keep-colors",
        dest="keep",
        nargs="?",
        const="luminance",
        choices=("luminance", "linear"),
        help="the photograph's: its hues, or its palette",
    )
    parser.add_argument("--steps", type=_steps, help=f"at the smallest size; by default {STEPS}")
    parser.add_argument("--seed", type=_seed, default=0)
    parser.add_argument("--network", choices=NETWORKS, help="by default the style's own")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="of the network; by default bfloat16 where the processor is faster in it",
    )
    parser.add_argument("--force", action="store_true", help="paint over pictures that are there")
    parser.add_argument("--no-preview", action="store_true", help="write no preview while painting")
    study = parser.add_argument_group("from a finished study, instead of --style")
    study.add_argument("--study", metavar="results/NAME")
    study.add_argument("--model", metavar="BACKBONE/AGGREGATION")
    study.add_argument("--artist", metavar="STYLE")
    _add_threads(parser)


def _add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threads", type=_threads, default=0, help="of the processor; by default all"
    )


def _check_style(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    args.show = args.paintings[0] == "show" and args.output is None
    if args.show and len(args.paintings) != 2:
        parser.error("nst style show: name one style file")
    if not args.show and args.output is None:
        parser.error("nst style: name the file to write, -o artist.nst")


def _check_paint(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    of_study = (args.study, args.model, args.artist)
    if any(of_study) and not all(of_study):
        parser.error("nst paint: --study, --model and --artist go together")
    if bool(args.style) == bool(args.study):
        parser.error("nst paint: give --style FILE.nst, or --study, --model and --artist")
    if args.study and (args.aggregation or args.network or args.precision != "auto"):
        parser.error("nst paint: --aggregation, --network and --precision are the model's own")


def _number(
    text: str, kind: type[int] | type[float], least: float, most: float, what: str
) -> float:
    try:
        value: float = kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}") from None
    if not (math.isfinite(value) and least <= value <= most):
        raise argparse.ArgumentTypeError(f"{text}: from {least:g} to {most:g}")
    return value


def _size(text: str) -> int:
    return int(_number(text, int, 32, 16_384, "whole number of pixels"))


def _steps(text: str) -> int:
    return int(_number(text, int, 1, 100_000, "whole number"))


def _seed(text: str) -> int:
    return int(_number(text, int, 0, 2**32 - 1, "whole number"))


def _threads(text: str) -> int:
    return int(_number(text, int, 1, 1024, "whole number"))


def _strength(text: str) -> float:
    return float(_number(text, float, 0, 1, "number"))


def _style(text: str) -> tuple[str, float]:
    path, equals, share = text.rpartition("=")
    # A file's name may hold an equals sign: what follows it is a share if it is a number.
    if equals:
        try:
            value = float(share)
        except ValueError:
            return text, 1.0
        if not (math.isfinite(value) and 0 < value <= 1e6):
            raise argparse.ArgumentTypeError(f"{text}: a share is a number above 0")
        return path, value
    return text, 1.0
