"""Small datasets and catalogues, painted or made up."""

import hashlib

import numpy as np
from PIL import Image

from nstcore.dataset.catalogue import Artwork, Catalogue


def paint(path, seed, size=(48, 36)):
    """Save clouds, of which each seed makes other ones."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


def state(folder):
    """All files of a folder with their dates and contents."""
    return {
        path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in [folder, *folder.rglob("*")]
    }


def catalogue_of(**counts):
    """A catalogue of made-up rows: no two pictures look alike, genres by artist's initial."""
    rows = []
    for style, count in counts.items():
        for n in range(1, count + 1):
            digest = hashlib.sha256(f"{style}{n}".encode()).hexdigest()
            rows.append(
                Artwork(
                    style=style,
                    artist=style.replace("_", " "),
                    genres="Cubism,Dada" if style.startswith("C") else "Dada",
                    announced="12",
                    id=f"{style}_{n}",
                    source=f"data/{style}/{style}_{n}.jpg",
                    width=40,
                    height=30,
                    sha256=digest,
                    fingerprint=digest,
                )
            )
    return Catalogue(tuple(rows))
