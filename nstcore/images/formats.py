"""Which format a file has, told from its first bytes or, where these tell nothing, its ending.

Without Pillow, which a download does not need.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HEAD = 1024
"""Bytes of a file's beginning that tell its format."""

FORMATS = "JPEG, PNG, WebP, TIFF, BMP, GIF and AVIF"
"""What is read, in the words of an error message."""

CONVERT = "convert it to JPEG or PNG"
"""The mend for a picture that is not read."""

_ENDINGS = {
    ".jpg": ".jpeg .jpe .jif .jfi .jfif .pjpeg .pjp .jpg_large .mpo",
    ".png": ".apng",
    ".webp": "",
    ".tif": ".tiff",
    ".bmp": ".dib",
    ".gif": "",
    ".avif": ".avifs",
}
SUFFIXES = frozenset(_ENDINGS).union(*(more.split() for more in _ENDINGS.values()))
"""Endings (lower case) of the files that are read as pictures."""


@dataclass(frozen=True)
class Format:
    """A format of pictures."""

    name: str
    """As people call it."""
    suffix: str = ""
    """The usual ending of a format that is read; empty for others."""
    weak: bool = False
    """Whether other files, texts above all, may begin like it."""


_TIFF = Format("TIFF", ".tif")
_AVIF = Format("AVIF", ".avif")
_READ: tuple[tuple[bytes, Format], ...] = (
    (rb"\xff\xd8\xff", Format("JPEG", ".jpg")),  # of several (MPO) the first
    (rb"\x89PNG\r\n\x1a\n", Format("PNG", ".png")),
    (rb"RIFF....WEBP", Format("WebP", ".webp")),
    (rb"(II|MM)([*+]\0|\0[*+])", _TIFF),
    (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", Format("BMP", ".bmp")),
    (rb"BM", Format("BMP", ".bmp", weak=True)),
    (rb"GIF8[79]a", Format("GIF", ".gif")),
)
_RAW = Format("a camera's raw data")
_NOT_READ: tuple[tuple[bytes, Format], ...] = (
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", Format("JPEG 2000")),
    (rb"\0\0\0\x0cJXL |\xff\x0a", Format("JPEG XL")),
    (rb"II\xbc\x01", Format("JPEG XR")),
    (rb"8BPS", Format("Photoshop (PSD)")),
    (rb"%PDF-", Format("PDF")),
    (rb"(?=.*<svg[\s>])(\xef\xbb\xbf)?\s*<(\?xml|!--|!DOCTYPE svg|svg)", Format("SVG")),
    (rb"\0\0[\x01\x02]\0[^\0]\0.{3}\0", Format("icon (ICO)")),
    (rb"icns", Format("icon (ICNS)")),
    (rb"P[1-7]\s+[\d#]", Format("Netpbm (PPM)")),
    (rb"\x76\x2f\x31\x01", Format("OpenEXR")),
    (rb"#\?(RADIANCE|RGBE)", Format("Radiance HDR")),
    (rb"DDS ", Format("DDS")),
    (rb"gimp xcf", Format("GIMP (XCF)")),
    (rb"qoif", Format("QOI")),
    (rb"BPG\xfb", Format("BPG")),
    (rb"\x8a[JM]NG\r\n|\x8b[JM]NG\r\n", Format("MNG or JNG")),
    (rb"AT&TFORM", Format("DjVu")),
    (rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", Format("Windows metafile")),
    (rb"FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|\0MRM|FOVb|II\x1a\0\0\0HEAPCCDR", _RAW),
    (rb"II\*\0.{4}CR\x02", _RAW),
)
# The brands of a file of boxes (ISO 14496-12, 4.3), in the order in which they count: HEIC and AVIF
# name `mif1` beside their own, and one may carry several.
_BRANDS: tuple[tuple[bytes, Format], ...] = (
    (rb"avi[fs]", _AVIF),
    (rb"he[iv].", Format("HEIC")),
    (rb"avc[is]", Format("HEIF with H.264")),
    (rb"j2k[is]", Format("HEIF with JPEG 2000")),
    (rb"crx ", _RAW),
    (rb"mif[12]|msf1|miaf", Format("HEIF")),
)
# Told in a message, but nothing that would be missed among pictures.
_NO_PICTURE: tuple[tuple[bytes, str], ...] = (
    (rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)", "a web page; get the picture again"),
    (rb"....ftyp(qt  |mp4|isom|iso[2-9]|M4V|3gp)", "a video"),
    (rb"PK\x03\x04", "a zip archive; extract it"),
    (rb"version https://git-lfs", "a pointer to a file in Git LFS; get it with git lfs pull"),
)
_NAMED = {
    Format("HEIC"): ".heic .heif .hif .heics .heifs .avci",
    Format("JPEG 2000"): ".jp2 .j2k .jpf .jpx .jpm .j2c .jpc",
    Format("JPEG XL"): ".jxl",
    Format("JPEG XR"): ".jxr .wdp .hdp",
    Format("Photoshop (PSD)"): ".psd .psb",
    Format("PDF"): ".pdf",
    Format("PostScript"): ".eps .ps .ai",
    Format("SVG"): ".svg .svgz",
    Format("icon (ICO)"): ".ico .cur",
    Format("Netpbm (PPM)"): ".ppm .pgm .pbm .pnm .pam",
    Format("TGA"): ".tga",
    Format("PCX"): ".pcx",
    Format("OpenEXR"): ".exr",
    Format("Radiance HDR"): ".hdr",
    Format("DDS"): ".dds",
    Format("GIMP (XCF)"): ".xcf",
    Format("Krita"): ".kra .ora",
    Format("DjVu"): ".djvu .djv",
    Format("Windows metafile"): ".wmf .emf",
    Format("BigTIFF"): ".btf .tf8",
    _RAW: (
        ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .k25 .kdc .mef .mos .mrw .nef .nrw .orf"
        " .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f"
    ),
}
_BY_SUFFIX = {suffix: kind for kind, suffixes in _NAMED.items() for suffix in suffixes.split()}


def shown(path: Path | str) -> str:
    """Return a path as messages show it: quoted and escaped where it is not printable."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def recognise(head: bytes) -> Format | None:
    """Tell a picture's format from the first bytes of its file.

    Args:
        head: At least `HEAD` of them, or all.

    Returns:
        None for what is no picture, or of a format that is not known here.
    """
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    for pattern, kind in (*_NOT_READ, *_READ):
        if re.match(pattern, head, re.DOTALL):
            return kind
    return None


def _by_brand(head: bytes) -> Format | None:
    size = int.from_bytes(head[:4], "big")
    # The major brand, its version, then the compatible ones.
    brands = [head[8:12]] + [head[at : at + 4] for at in range(16, min(size, HEAD), 4)]
    for pattern, kind in _BRANDS:
        if any(re.fullmatch(pattern, brand, re.DOTALL) for brand in brands):
            return kind
    return None


def why_not_read(head: bytes) -> str:
    """Say what a file is that is read as no picture, and what to do about it."""
    if kind := recognise(head):
        return f"not a picture of a format that is read but {kind.name}; {CONVERT}"
    for pattern, what in _NO_PICTURE:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return f"not a picture but {what}"
    return f"not a picture, or of a format that is not read; {FORMATS} are"


def is_named_as_read(name: str) -> bool:
    """Tell whether a file's name ends like one that is read as a picture."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def why_passed_over(name: str, head: bytes) -> str | None:
    """Say why a file that looks like a picture is not read, though it lies among pictures.

    Args:
        name: The file's own, with an ending that is not read.
        head: Its first bytes, `HEAD` of them or all; none where they are not known.

    Returns:
        None where it does not look like a picture.
    """
    path = PurePosixPath(name)
    named = _BY_SUFFIX.get(path.suffix.lower())
    found = recognise(head)
    # Most cameras' raw data are TIFF files, the first picture of which is a small copy.
    if found is _TIFF and named is not None:
        found = named
    if found is None or found.weak:
        found = named
    if found is None:
        return None
    if found.suffix:
        return f"a {found.name} picture by its bytes, not by its ending; add {found.suffix} to it"
    return f"{found.name}, a format that is not read; {CONVERT}"
