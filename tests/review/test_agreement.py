"""How far two graders agree, against values worked out elsewhere."""

import pytest

from grader.review.agreement import agreement


def test_agreement_of_a_textbook_table() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: kappa is 0.4.

    p_o = 35/50 and p_e = (25/50)(30/50) + (25/50)(20/50) = 1/2, so kappa = (0.7 - 0.5) / 0.5.
    """
    pairs = [(1.0, 1.0)] * 20 + [(1.0, 0.0)] * 5 + [(0.0, 1.0)] * 10 + [(0.0, 0.0)] * 15
    found = agreement(pairs)
    assert found is not None
    assert found.percent == pytest.approx(70)
    assert found.kappa == pytest.approx(0.4)
    # With two values every miss is equally far, so the weights change nothing.
    assert found.weighted == pytest.approx(0.4)
    assert found.mean_difference == pytest.approx(0.1)


def test_agreement_weighs_distances() -> None:
    """A far miss costs more: D_o = 1, D_e = 26/16 by hand, weighted kappa = 1 - 16/26."""
    found = agreement([(0, 0), (1, 1), (2, 2), (0, 2)])
    assert found is not None
    assert found.weighted == pytest.approx(1 - 16 / 26)
    # Unweighted: p_o = 3/4, p_e = (2*1 + 1*1 + 1*2)/16 = 5/16.
    assert found.kappa == pytest.approx((3 / 4 - 5 / 16) / (11 / 16))


def test_agreement_of_one_mind() -> None:
    """Where everything gets the same points, chance explains it all: kappa has no value."""
    found = agreement([(5, 5)] * 4)
    assert found is not None
    assert (found.percent, found.kappa) == (100, None)


def test_agreement_against_each_other() -> None:
    """Two who never agree are below chance."""
    found = agreement([(0, 5), (5, 0)] * 3)
    assert found is not None
    assert found.percent == 0
    assert found.kappa == pytest.approx(-1)


def test_agreement_of_nothing() -> None:
    """Without an answer that two have judged there is nothing to say."""
    assert agreement([]) is None
