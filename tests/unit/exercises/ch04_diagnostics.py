"""Chapter 04: for each exercise the right answers, and wrong ones with the mistake they show."""

import arviz as az
from companion.datasets import mystery_chains
from companion.exercises import check
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def case_d4e1():
    right = {"ess_needed": 6084, "draws_needed": 30_420.0, "times_more": 100}
    wrong = [
        ("root-forgotten", {"ess_needed": 78.0}),
        ("mcse-not-squared", {"ess_needed": 304.2}),
        ("ess", {"ess_needed": 400}),
        ("efficiency-multiplied", {"draws_needed": 1217}),
        ("per-chain", {"draws_needed": 7605}),
        ("draws", {"draws_needed": 6084}),
        ("one-digit-ten-times", {"times_more": 10}),
        ("times", {"times_more": 1000}),
    ]
    return right, wrong


def case_d4e2():
    right = {
        "first": "Narrow chain",
        "second": "drift",
        "third": "healthy",
        "fourth": "levels",
    }
    wrong = [
        ("spread-overlooked", {"first": "healthy"}),
        ("drift-overlooked", {"second": "healthy"}),
        ("healthy-suspected", {"third": "narrow chain"}),
        ("drift-and-levels-exchanged", {"second": "levels", "fourth": "drift"}),
        ("first", {"first": "levels"}),
        ("second", {"second": "narrow chain"}),
        ("fourth", {"fourth": "healthy"}),
    ]
    return right, wrong


def halves(draws):
    n = draws.shape[1] // 2
    return np.concatenate([draws[:, :n], draws[:, -n:]])


def plain(draws, ddof=1, root=True, divide=True):
    n = draws.shape[1]
    within = draws.var(axis=1, ddof=ddof).mean()
    between = draws.mean(axis=1).var(ddof=ddof)
    ratio = (n - 1) / n + (between if divide else n * between) / within
    return np.sqrt(ratio) if root else ratio


def case_d4m1():
    right = {"split_rhat": lambda draws: plain(halves(draws))}
    assert check("D4M1", split_rhat=lambda draws: np.array([plain(halves(draws))])).passed
    of_each = check("D4M1", split_rhat=lambda draws: draws.mean(axis=1))  # one for each chain
    assert "which returns array([" in of_each.message and "instead of a number" in of_each.message
    wrong = [
        ("not-split", {"split_rhat": plain}),
        ("no-root", {"split_rhat": lambda draws: plain(halves(draws), root=False)}),
        ("divided-by-n", {"split_rhat": lambda draws: plain(halves(draws), ddof=0)}),
        ("between-not-divided", {"split_rhat": lambda draws: plain(halves(draws), divide=False)}),
        (
            "every-second-draw",
            {"split_rhat": lambda draws: plain(np.concatenate([draws[:, ::2], draws[:, 1::2]]))},
        ),
        ("ranks", {"split_rhat": az.rhat}),
        ("formula", {"split_rhat": lambda draws: 1.0}),
    ]
    return right, wrong


def case_d4m2():
    noise = np.random.default_rng(7401).standard_normal((4, 1000))
    narrow = noise - noise.mean(axis=1, keepdims=True)
    narrow[3] *= 0.2
    right = {"fooling": narrow}
    stuck = noise.copy()
    stuck[3] = 0.0
    moves_once = stuck.copy()
    moves_once[3, 500:] = 1e-9
    wrong = [
        ("hardly-moves", {"fooling": moves_once}),
        ("constant-chain", {"fooling": stuck}),
        ("means-differ", {"fooling": noise + np.arange(4)[:, None]}),
        ("means-differ", {"fooling": mystery_chains()["second"]}),
        ("nothing-wrong", {"fooling": noise}),
    ]
    return right, wrong


def penguins(swap=(False, True, False, True)):
    """Return a made-up fit in which some chains have the kinds exchanged."""
    mu = np.stack([chains(188.61, 1.26, seed=1), chains(216.97, 0.66, seed=2)], axis=-1)
    share = chains(0.738, 0.036, seed=3)
    swap = np.array(swap)
    mu[swap] = mu[swap][..., ::-1]
    share[swap] = 1.0 - share[swap]
    return fit(mu=mu, share=share)


def case_d4h1():
    broken, mended = penguins(), penguins((False,) * 4)
    mu, share = (mended.posterior[name].to_numpy() for name in ("mu", "share"))
    right = {"broken": broken, "mended": mended, "luck": 1 / 32}
    wrong = [
        ("not-broken", {"broken": mended}),
        ("not-sorted", {"mended": broken}),
        ("averaged", {"mended": fit(mu=np.broadcast_to([188.6, 217.0], mu.shape), share=share)}),
        (
            "share-not-exchanged",
            {"mended": fit(mu=mu, share=broken.posterior["share"].to_numpy())},
        ),
        ("share-of-the-small", {"mended": fit(mu=mu, share=1.0 - share)}),
        ("other-posterior", {"mended": fit(mu=mu + [1.0, 6.0], share=share)}),
        ("chains-disagree", {"mended": fit(mu=mu, share=chains(0.738, 0.036, 0.95))}),
        ("one-of-two-modes", {"luck": 1 / 64}),
        ("four-chains", {"luck": 1 / 8}),
        ("luck", {"luck": 0.5}),
    ]
    two = {name: broken.posterior[name].to_numpy()[:2] for name in ("mu", "share")}
    assert check("D4H1", **right | {"broken": fit(**two)}).passed
    three, two_shares = np.concatenate([mu, mu[..., :1]], axis=2), np.stack([share, share], axis=2)
    for other in (
        fit(mu=three, share=share),
        fit(mu=share, share=share),
        fit(mu=mu, share=two_shares),
    ):
        said = check("D4H1", **right | {"mended": other}).message
        assert "whose `mu` is not two means, or `share` not one number" in said
    return right, wrong


CASES = {
    "D4E1": case_d4e1,
    "D4E2": case_d4e2,
    "D4M1": case_d4m1,
    "D4M2": case_d4m2,
    "D4H1": case_d4h1,
}
