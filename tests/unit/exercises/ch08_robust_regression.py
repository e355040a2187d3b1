"""Chapter 08: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion import datasets
from companion.exercises import check
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def babies_model(likelihood="t", nu="free", slope=True, transform=np.sqrt, intercept=True):
    import pymc as pm

    frame = datasets.babies()
    x = transform(frame["month"].to_numpy(float))
    with pm.Model() as model:
        mu = pm.Normal("beta0", 50.0, 10.0) if intercept else 0.0
        mu = mu + pm.Normal("beta1", 0.0, 10.0) * x if slope else mu
        sigma = pm.HalfNormal("sigma", 10.0)
        if likelihood == "normal":
            pm.Normal("length", mu, sigma, observed=frame["length"])
        else:
            nu = pm.Gamma("nu", 2.0, 0.1) if nu == "free" else nu
            pm.StudentT("length", nu=nu, mu=mu, sigma=sigma, observed=frame["length"])
    return model


def babies_tfp(pinned=True, likelihood="t", nu="free"):
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd, frame = tfp.distributions, datasets.babies()
    root, length = np.sqrt(frame["month"].to_numpy(float)), frame["length"].to_numpy(float)

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        beta0 = yield tfd.Normal(jnp.float64(50.0), 10.0, name="beta0")
        beta1 = yield tfd.Normal(jnp.float64(0.0), 10.0, name="beta1")
        sigma = yield tfd.HalfNormal(jnp.float64(10.0), name="sigma")
        mu = beta0 + beta1 * root
        if likelihood == "normal":
            yield tfd.Normal(mu, sigma, name="length")
        else:
            dof = nu if nu != "free" else (yield tfd.Gamma(jnp.float64(2.0), 0.1, name="nu"))
            yield tfd.StudentT(dof, mu, sigma, name="length")

    return joint.experimental_pin(length=length) if pinned else joint


def case_4e3():
    right = {
        "model": babies_model(),
        "idata": fit(nu=(32.0, 5.0)),
        "elpd_difference": -0.4,
        "conclusion": "not needed",
    }
    for pinned in (True, False):
        assert check("4E3", **right | {"model": babies_tfp(pinned)}).passed
    wrong = [
        ("likelihood-not-robust", {"model": babies_tfp(likelihood="normal")}),
        ("nu-fixed", {"model": babies_tfp(nu=30.0)}),
        ("likelihood-not-robust", {"model": babies_model("normal")}),
        ("nu-fixed", {"model": babies_model(nu=30.0)}),
        ("parameter-count", {"model": babies_model(slope=False)}),
        ("mean-not-a-line", {"model": babies_model(transform=np.square)}),
        ("other-data", {"idata": fit(nu=(1.3, 0.1))}),
        ("chains-disagree", {"idata": fit(nu=chains(32, 5) + np.arange(4)[:, None] * 3)}),
        ("chains-too-short", {"idata": fit(nu=chains(32, 5, size=(4, 60)))}),
        ("not-a-difference", {"elpd_difference": -1985.3}),
        ("difference-reversed", {"elpd_difference": 0.4}),
        ("models-differ", {"elpd_difference": -12.0}),
        ("robust-by-default", {"conclusion": "Needed"}),
    ]
    return right, wrong


def case_4e5():
    right = {
        "t1_matches": "Cauchy",
        "tinf_matches": "normal",
        "peak_t1": 0.3183,
        "tail_t1": 0.2048,
        "tail_normal": np.float64(0.0026998),
    }
    wrong = [
        ("swapped", {"t1_matches": "normal", "tinf_matches": "cauchy"}),
        ("same-answer-twice", {"tinf_matches": "cauchy"}),
        ("nu-infinite", {"tail_normal": float("nan")}),
        ("swapped", {"tail_t1": 0.0027, "tail_normal": 0.2048}),
        ("percent", {"tail_t1": 20.48}),
        ("one-sided-tail", {"tail_t1": 0.1024}),
        ("one-sided-tail", {"tail_normal": 0.00135}),
        ("other-scale", {"peak_t1": 0.1592}),
        ("peak-of-the-normal", {"peak_t1": 0.3989}),
        ("peak", {"peak_t1": 0.5}),
        ("tail", {"tail_t1": 0.5}),
        ("nu-not-large", {"tail_normal": 0.0071}),
    ]
    return right, wrong


def case_4m9():
    robust = {"slope": (0.3453, 0.0005), "sigma": (0.0032, 0.0005), "rows": 11}
    right = {"normal_slope": 0.489, "robust_idata": fit(nu=(1.6, 0.1), **robust)}
    vector = np.stack([chains(4.0, 0.004), chains(0.3453, 0.0005, seed=1)], axis=-1)
    assert check(
        "4M9", normal_slope=0.5, robust_idata=fit(beta=vector, sigma=(1.0, 0.1), nu=(1.6, 0.1))
    ).passed
    wrong = [
        ("point-dropped", {"normal_slope": 0.3454}),
        ("point-dropped", {"robust_idata": fit(nu=(30.0, 2.0), **robust | {"rows": 10})}),
        ("normal-slope", {"normal_slope": 0.1}),
        ("nu-unbounded", {"robust_idata": fit(nu=(0.09, 0.001), **robust)}),
        ("nu-unbounded", {"robust_idata": fit(nu=(0.59, 0.001), **robust)}),
        ("not-robust", {"robust_idata": fit(nu=(30.0, 2.0), slope=(0.49, 0.1), sigma=(1.4, 0.1))}),
        (
            "robust-slope",
            {"robust_idata": fit(nu=(1.6, 0.1), slope=(0.37, 0.001), sigma=(0.1, 0.01))},
        ),
        (
            "chains-disagree",
            {"robust_idata": fit(nu=(1.6, 0.1), **robust | {"slope": (0.3453, 0.0005, 0.95)})},
        ),
    ]
    return right, wrong


def case_8m1():
    right = {"idata_wide": fit(sigma=(12766.0, 643.0), beta=(191.4, 10.9)), "binding": "prior"}
    wrong = [
        ("prior-kept", {"idata_wide": fit(sigma=(2951.0, 24.7))}),
        ("likelihood-changed", {"idata_wide": fit(sigma=(165.0, 14.0), nu=(1.3, 0.1))}),
        ("outliers-dropped", {"idata_wide": fit(sigma=(239.0, 12.0))}),
        ("sigma", {"idata_wide": fit(sigma=(10303.0, 361.0))}),
        ("chains-too-short", {"idata_wide": fit(sigma=chains(12766.0, 643.0, size=(4, 60)))}),
        ("likelihood-blamed", {"binding": "likelihood"}),
    ]
    return right, wrong


CASES = {
    "4E3": case_4e3,
    "4E5": case_4e5,
    "4M9": case_4m9,
    "8M1": case_8m1,
}
