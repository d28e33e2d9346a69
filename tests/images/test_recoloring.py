"""Colours kept: against the plain formulas, and what must hold of any picture."""

import colorsys

import numpy as np
import pytest
import scipy.linalg

from nstcore.images.recoloring import keep_luminance, match_colors


@pytest.fixture
def pictures(rng):
    photograph = np.clip(rng.normal([0.5, 0.4, 0.3], [0.05, 0.1, 0.02], (31, 17, 3)), 0, 1)
    painted = np.clip(rng.normal(0.5, 0.08, (31, 17, 3)), 0, 1)
    return painted.astype(np.float32), photograph.astype(np.float32)


def test_luminance_is_the_painted_picture_s_and_colours_are_the_photograph_s(pictures):
    painted, photograph = pictures
    kept = keep_luminance(painted, photograph)
    for place in np.ndindex(5, 5):
        luma = colorsys.rgb_to_yiq(*painted[place])[0]
        _, i, q = colorsys.rgb_to_yiq(*photograph[place])
        # Python's coefficients are rounded to two digits.
        np.testing.assert_allclose(kept[place], colorsys.yiq_to_rgb(luma, i, q), atol=0.01)
    np.testing.assert_allclose(keep_luminance(photograph, photograph), photograph, atol=1e-6)


def test_linear_transfer_gives_the_photograph_s_mean_and_covariance(pictures):
    painted, photograph = pictures
    matched = match_colors(painted, photograph).reshape(-1, 3)
    wanted = photograph.reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(axis=0), wanted.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(wanted.T), atol=2e-5)


def test_linear_transfer_is_the_plain_formula(pictures):
    painted, photograph = pictures
    ours, theirs = (
        np.cov(one.reshape(-1, 3).T.astype(float), bias=True) for one in (painted, photograph)
    )
    mix = scipy.linalg.sqrtm(theirs) @ np.linalg.inv(scipy.linalg.sqrtm(ours))
    offset = photograph.mean(axis=(0, 1)) - mix @ painted.mean(axis=(0, 1))
    desired = np.einsum("ij,hwj->hwi", mix, painted) + offset
    np.testing.assert_allclose(match_colors(painted, photograph), np.clip(desired, 0, 1), atol=1e-5)


@pytest.mark.parametrize("recolor", [keep_luminance, match_colors])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_pictures_of_one_colour_stay_pictures(recolor, value, pictures):
    flat = np.full_like(pictures[0], value)
    for kept in (recolor(flat, pictures[1]), recolor(pictures[0], flat), recolor(flat, flat)):
        assert np.isfinite(kept).all()
        assert kept.min() >= 0
        assert kept.max() <= 1
