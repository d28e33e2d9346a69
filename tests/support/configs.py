"""Configs as nobody would write them, for hypothesis: odd names, ends of ranges, wrong values."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

PAINTINGS, PHOTOGRAPHS, OWN = 'my "art" 100%\'s', "pho tos;&$(x)", "own*[a]?"
ARTISTS = ("{id} Zo\u00eb's 100%", "Bo:b *&$`x` \U0001f3a8", "plain")
LAYERS = ("Conv1_relu", "block_1_expand_relu", "block_3_expand_relu")
# The simplest example is made of what stands first.
EDGES = (1e12, 1e-12, 0.0, 1, 0.5, 1e-30, 2.0)
WRONG = (None, True, "5", "1e-8", -1, 10**30, math.nan, math.inf, [1], {}, "", "x" * 5000)


def write_pictures(folder) -> None:
    """Write what the configs name, in small: three artists, a set and photographs."""
    rng = np.random.default_rng(7)
    places = [f"{PAINTINGS}/{artist}" for artist in ARTISTS] + [PHOTOGRAPHS, OWN]
    for place in places:
        (folder / place).mkdir(parents=True)
        for name in ("{id}", "{content_id}", "{{x}}", "a'b\"c %s*", "-x", "@y", "\u00fc:\u2028"):
            coarse = rng.integers(0, 256, (5, 6, 3)).astype(np.uint8)
            picture = Image.fromarray(coarse).resize((48, 40), Image.Resampling.BICUBIC)
            picture.save(folder / place / f"{name}.png")


def _numbers(low: float, high: float) -> st.SearchStrategy[Any]:
    inside = [value for value in EDGES if low <= value <= high]
    return st.sampled_from([high, low, *inside])


def _counts(low: int, high: int) -> st.SearchStrategy[Any]:
    # With a point, a whole number is the same number.
    return st.integers(low, high).flatmap(lambda n: st.sampled_from([float(n), n]))


def _some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


_WEIGHTS = st.just("auto") | _numbers(0, 1e12)
_RATES, _DECAYS = _numbers(1e-30, 1e12), _numbers(0, 0.999999)
_OPTIMIZERS = {
    "adam": _some(learning_rate=_RATES, beta_1=_DECAYS, beta_2=_DECAYS, epsilon=_RATES),
    "sgd": _some(learning_rate=_RATES, momentum=_DECAYS),
    "rmsprop": _some(learning_rate=_RATES, rho=_DECAYS, momentum=_DECAYS, epsilon=_RATES),
    "lbfgs": _some(learning_rate=_RATES, memory=_counts(1, 3), max_change=_numbers(1e-6, 1)),
}


def _backbones() -> st.SearchStrategy[dict[str, Any]]:
    layers = st.dictionaries(st.sampled_from(LAYERS), _numbers(1e-12, 1e12), min_size=1, max_size=2)
    backbone = st.fixed_dictionaries(
        {
            "architecture": st.just("MobileNetV2"),
            "weights": st.just("random"),
            "style_layers": layers,
            "content_layer": st.sampled_from(LAYERS),
        },
        optional={
            "description": st.sampled_from(["{wildcards.x} 'q' \"$HOME\"\u2028\n", "", "x" * 1000]),
            "pooling": st.sampled_from(["max", "average"]),
            "precision": st.sampled_from(["float32", "bfloat16"]),
            "preprocessing": st.sampled_from(["tf", "unit", "caffe"]),
            "alpha": _WEIGHTS,
            "beta": _WEIGHTS,
        },
    )
    names = st.sampled_from(["A.b-c_", "x" * 100, "0"])
    return st.dictionaries(names, backbone, min_size=1, max_size=1)


def small_studies() -> st.SearchStrategy[dict[str, Any]]:
    """Configs of studies that take seconds, each of which is to run to its end."""
    names = st.lists(st.sampled_from(ARTISTS), min_size=1, max_size=1, unique=True)
    sets = st.dictionaries(
        st.sampled_from(["{style} 'x' \u2028 .", "Own"]),
        st.fixed_dictionaries({"folder": st.just(OWN)}, optional={"images": _counts(1, 2)}),
        min_size=1,
        max_size=1,
    )
    return st.fixed_dictionaries(
        {
            "study": st.sampled_from(["x" * 100, "a.b", "7"]),
            "seed": st.sampled_from([2**32 - 1, 0, 3.0]),
            "image_size": _counts(40, 44),
            "data": st.just({"path": PAINTINGS}),
            "styles": st.fixed_dictionaries(
                {"images": _counts(1, 2), "artists": names, "sets": sets}
            ),
            "contents": st.fixed_dictionaries(
                {"source": st.just(PHOTOGRAPHS), "train": _counts(1, 2), "test": st.just(1.0)},
                optional={
                    # Photographs of 48 x 40 pixels keep 32 on their shorter side, as they have to.
                    "fit": st.sampled_from(["squeeze", "pad", "keep"]),
                    "test_size": _counts(48, 56),
                },
            ),
            "backbones": _backbones(),
            "aggregations": st.lists(
                st.sampled_from(["squared", "logged", "simple"]), min_size=1, max_size=1
            ),
            "optimizers": st.sampled_from(list(_OPTIMIZERS)).flatmap(
                lambda name: st.fixed_dictionaries({name: _OPTIMIZERS[name]})
            ),
            "training": st.fixed_dictionaries(
                {"max_epochs": _counts(1, 2), "watch": _counts(0, 1), "patience": _counts(0, 1)},
                optional={
                    "batch": _counts(1, 3),
                    "steps_per_epoch": _counts(1, 2),
                    "initial_noise": _numbers(0, 1),
                    "min_improvement": _numbers(0, 0.5),
                },
            ),
        },
        optional={
            "loss": _some(
                scaling=st.sampled_from(["calibrated", "published"]),
                alpha=_WEIGHTS,
                beta=_WEIGHTS,
                content_share=_numbers(0, 1e12),
                total_variation=_numbers(0, 1e12),
            ),
            "compute": _some(threads=_counts(1, 2), pairs_in_memory=_counts(1, 2)),
        },
    )


@st.composite
def spoilt_studies(draw: st.DrawFn) -> dict[str, Any]:
    """The same with up to two values that are wrong, or may be."""
    config = draw(small_studies())
    for _ in range(draw(st.integers(0, 2))):
        section = config
        while True:
            key = draw(st.sampled_from([*section, "nonsense"]))
            if not isinstance(section.get(key), dict) or not section[key] or draw(st.booleans()):
                break
            section[key] = section = dict(section[key])
        section[key] = draw(st.sampled_from(WRONG))
    return config
