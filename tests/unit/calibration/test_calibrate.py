"""Calibration: what it must find, what it must leave alone, and what it remembers."""

from concurrent.futures import Executor
import json
import re

import calibrate
from calibration import FILE, LIKELIHOOD, TABLE, programs, record
from calibration.programs import BATCH, RANKED, rank_batch
from calibration.sources import source_of
import calibration_bands
from companion.lessons.sbc import ecdf_difference
import nbformat
import numpy as np
import pytest
from scipy import stats
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

NAME = "chapters/01-small.ipynb"
HEADER = "notebook,cell,pymc,tfp,data_sets,thin,target_accept,quantities,left_out\n"
LINES = "01-small,one,exact,exact,200,1,0.8,mu,\n01-small,two,,,,,,,Too slow.\n"


class Conjugate:
    """mu ~ Normal(0, 1) and y ~ Normal(mu, 1), with exact draws from the posterior, or what somebody takes for them."""

    def __init__(self, prior=1.0, noise=1.0, correlation=0.0, reach=np.inf, blind=False):
        self.prior, self.noise, self.blind = prior, noise, blind
        self.correlation, self.reach = correlation, reach

    def simulate(self, count, seed):
        rng = np.random.default_rng(seed)
        mu = rng.standard_normal(count)
        return {"mu": mu}, {"y": rng.normal(mu, 1.0)}

    def fit(self, data, draws, target_accept, seed):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((len(data["y"]), programs.CHAINS, draws))
        for i in range(1, draws):
            fresh = np.sqrt(1.0 - self.correlation**2) * z[..., i]
            z[..., i] = self.correlation * z[..., i - 1] + fresh
        precision = self.prior**-2.0 + self.noise**-2.0
        mean = data["y"] * (not self.blind) * self.noise**-2.0 / precision
        sd = 1.0 if self.blind else precision**-0.5
        z = np.clip(z, -self.reach, self.reach)
        return {"mu": mean[:, None, None] + sd * z}, np.zeros(z.shape, dtype=bool)

    def log_likelihood(self, values, data):
        return stats.norm(values["mu"], 1.0).logpdf(data["y"][:, None])


class Indexed:
    """mu[j] ~ Normal(0, 1) and y[j] ~ Normal(mu[j], 1) for three groups; draws may take the next group's data."""

    def __init__(self, shift=0):
        self.shift = shift

    def simulate(self, count, seed):
        rng = np.random.default_rng(seed)
        mu = rng.standard_normal((count, 3))
        return {"mu": mu}, {"y": rng.normal(mu, 1.0)}

    def fit(self, data, draws, target_accept, seed):
        rng = np.random.default_rng(seed)
        mean = 0.5 * np.roll(data["y"], self.shift, axis=1)
        z = rng.standard_normal((len(mean), programs.CHAINS, draws, 3))
        return {"mu": mean[:, None, None] + 0.5**0.5 * z}, np.zeros(z.shape[:3], dtype=bool)

    def log_likelihood(self, values, data):
        return stats.norm(values["mu"], 1.0).logpdf(data["y"][:, None]).sum(axis=-1)


class Scale:
    """mu ~ LogNormal(0, 1) and y ~ Normal(0, mu), by Metropolis with proposals a random factor away."""

    def __init__(self, correction=True):
        self.correction = correction

    def simulate(self, count, seed):
        rng = np.random.default_rng(seed)
        mu = rng.lognormal(size=count)
        return {"mu": mu}, {"y": rng.normal(0.0, mu)}

    def log_likelihood(self, values, data):
        return -np.log(values["mu"]) - 0.5 * (data["y"][:, None] / values["mu"]) ** 2

    def fit(self, data, draws, target_accept, seed):
        rng, warm_up = np.random.default_rng(seed), 50
        now = rng.lognormal(size=(len(data["y"]), programs.CHAINS))
        found = []

        def log_density(mu):
            return self.log_likelihood({"mu": mu}, data) - np.log(mu) - 0.5 * np.log(mu) ** 2

        for _ in range(warm_up + draws):
            new = now * np.exp(rng.standard_normal(now.shape))
            ratio = log_density(new) - log_density(now)
            if self.correction:
                ratio += np.log(new / now)
            now = np.where(np.log(rng.uniform(size=now.shape)) < ratio, new, now)
            found.append(now)
        kept = np.stack(found[warm_up:], axis=-1)
        return {"mu": kept}, np.zeros(kept.shape, dtype=bool)


def entry_of(program, thin=1, count=200, seed=7, quantity="mu"):
    made = rank_batch(program, [quantity], count, thin, 0.8, np.random.SeedSequence(seed))
    return made | {"draws": RANKED, "data_sets": count}


RIGHT = {f"right {i}": entry_of(Conjugate(), seed=100 + i) for i in range(11)}


def verdicts(program, **settings):
    """Judge a program among eleven that are right, as the record would."""
    judged = record.judge(RIGHT | {"this": entry_of(program, **settings)})
    assert all(each.uniform for each in judged if each.model != "this")
    return {each.quantity: each.uniform for each in judged if each.model == "this"}


def test_exact_posteriors_pass():
    assert verdicts(Conjugate()) == {LIKELIHOOD: True, "mu": True}


@pytest.mark.parametrize(
    "fault",
    [
        {"prior": 0.4}, {"noise": 0.5}, {"noise": 2.0}, {"correlation": 0.95}, {"reach": 1.0},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_posterior_does_not(fault):
    """Data that are taken for too noisy are found by the likelihood: ignored altogether, they leave mu uniform."""
    assert not all(verdicts(Conjugate(**fault)).values())


def test_who_ignores_the_data_is_found_by_the_likelihood():
    assert verdicts(Conjugate(blind=True)) == {LIKELIHOOD: False, "mu": True}


def test_an_index_that_is_off_by_one_is_found():
    """Each group then has the data of its neighbor, which are as many and as wide."""
    assert verdicts(Indexed(), quantity="mu[0]") == {LIKELIHOOD: True, "mu[0]": True}
    assert verdicts(Indexed(shift=1), quantity="mu[0]") == {LIKELIHOOD: False, "mu[0]": False}


def test_a_hastings_correction_that_was_forgotten_is_found():
    assert verdicts(Scale(), thin=10) == {LIKELIHOOD: True, "mu": True}
    assert not verdicts(Scale(correction=False), thin=10)["mu"]


def test_thinning_repairs_a_slow_chain_and_slow_fits_are_counted():
    slow = Conjugate(correlation=0.95)
    assert entry_of(slow)["slow"] > 190
    assert verdicts(slow, thin=120)["mu"]
    assert entry_of(slow, thin=120)["slow"] == 0


def test_divergent_fits_are_counted_and_kept():
    program = Conjugate()
    program.fit = lambda *given: (
        (fit := Conjugate().fit(*given))[0],
        fit[1] | (np.arange(200) < 3)[:, None, None],
    )
    made = entry_of(program)
    assert made["divergent"] == 3
    assert len(made["ranks"]["mu"]) == 200


def test_elements_are_quantities():
    values = {"beta": np.arange(6.0).reshape(3, 2), "mu": np.arange(3.0)}
    assert programs.number(values, "beta[1]").tolist() == [1.0, 3.0, 5.0]
    assert programs.number(values, "mu").tolist() == [0.0, 1.0, 2.0]


# --- Notebooks -------------------------------------------------------------------------------------

CODE = {
    "setup": "import numpy as np\nimport matplotlib.pyplot as plt",
    "data": "x = np.arange(3.0)\nx[0] = 5.0\nx += 1.0\ny, unused = x.sum(), 7  # a comment",
    "other-pymc": "with open('nowhere') as exact:\n    mu = y",
    "one-pymc": "def scaled(y):\n    return y * np.pi\n\nexact = [scaled(x), mu := 2.0]",
    "one-tfp": "exact = 3",
    "two-pymc": "exact = None",
}


def write(root, **changes):
    """Write a small course."""
    cells = [nbformat.v4.new_code_cell(text, id=name) for name, text in (CODE | changes).items()]
    for folder in ("chapters", "companion", "runs"):
        (root / folder).mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / NAME)
    (root / TABLE).write_text(HEADER + LINES)
    return root


def test_what_a_model_needs_is_found_and_nothing_else(tmp_path):
    source = source_of(NAME, "one-pymc", "exact", write(tmp_path))
    assert [line.split()[0] for line in source.splitlines()] == [
        "import", "x", "x[0]", "x", "def", "return", "exact",
    ]  # fmt: skip
    names = {}
    exec(source, names)
    assert names["exact"][0].tolist() == [6 * np.pi, 2 * np.pi, 3 * np.pi]


def test_what_a_comprehension_goes_through_is_no_name_of_the_notebook(tmp_path):
    data = "names = ['a', 'b']\nx = np.array([names.index(name) for name in names], float)\nfor name in names: pass"
    source = source_of(NAME, "one-pymc", "exact", write(tmp_path, data=data))
    assert "for name in names:" not in source
    names = {}
    exec(source, names)
    assert names["exact"][0].tolist() == [0.0, np.pi]


def test_a_missing_cell_or_name_is_said(tmp_path):
    write(tmp_path)
    with pytest.raises(ValueError, match="cell must be a code cell of chapters/01-small.ipynb"):
        source_of(NAME, "three", "exact", tmp_path)
    with pytest.raises(ValueError, match="not frames, models"):
        source_of(NAME, "one-pymc", "models(frames)", tmp_path)


def test_a_record_is_stale_when_its_model_changes_and_only_then(tmp_path, monkeypatch):
    first, second = record.models(write(tmp_path))
    entries = {each.key: {"digest": each.digest(tmp_path)} for each in (first, second)}
    assert record.stale(entries, tmp_path) == []
    write(tmp_path, data=CODE["data"].replace("comment", "remark").replace("7", "8"))
    assert record.stale(entries, tmp_path) == []
    write(tmp_path, data=CODE["data"].replace("5.0", "6.0"))
    assert record.stale(entries, tmp_path) == [first.key]
    write(tmp_path)
    (tmp_path / TABLE).write_text(HEADER + LINES.replace("200", "250"))
    assert record.stale(entries, tmp_path) == [first.key, second.key]


class Backwards(Executor):
    """Runs the last job first, as a second worker may."""

    def submit(self, function, /, *given):
        raise NotImplementedError

    def map(self, function, *jobs):
        jobs = list(zip(*jobs, strict=True))
        done = {job: function(*job) for job in reversed(jobs)}
        return (done[job] for job in jobs)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small course whose models are conjugate; what is calibrated is counted."""
    write(tmp_path)
    monkeypatch.setattr(programs, "program", lambda *_: Conjugate())
    return tmp_path


def test_ranks_do_not_depend_on_who_computes_them(small):
    model = record.models(small)[0]
    here, there = (calibrate.calibrate(model, each, small) for each in (None, Backwards()))
    assert here["ranks"] == there["ranks"]
    ranks = np.reshape(here["ranks"]["mu"], (-1, BATCH))
    assert len({tuple(batch) for batch in ranks}) == 200 / BATCH  # each has a seed of its own


def test_what_is_calibrated_is_not_repeated(small, monkeypatch, capsys):
    assert calibrate.main(["tfp", "--workers", "1"], small) == 0
    assert calibrate.main(["--workers", "1"], small) == 0
    assert re.findall(r"#(\S+)  \d+ s", capsys.readouterr().out) == ["one-tfp", "one-pymc"]
    assert calibrate.main(["--workers", "1"], small) == 0
    assert capsys.readouterr().out == "4 of 4 quantities have uniform ranks.\n"
    assert list(json.loads((small / FILE).read_text())["models"]) == [
        f"{NAME}#one-{each}" for each in ("pymc", "tfp")
    ]


def test_ranks_come_back_from_the_file_as_they_were(small):
    (model, _) = record.models(small)
    ranks = {"mu": [0, 9, 10, 35, 36, 61, 62, RANKED], LIKELIHOOD: [3]}
    record.save({model.key: {"digest": "d", "ranks": ranks}, "gone": {}}, small)
    assert record.load(small) == {model.key: {"digest": "d", "ranks": ranks}}
    assert '"mu": "09azAZ+="' in (small / FILE).read_text("utf-8")
    assert len(set(record.LETTERS)) == RANKED + 1


def test_a_wrong_or_broken_model_ends_with_status_1(small, monkeypatch, capsys):
    monkeypatch.setattr(
        programs, "program", lambda library, *_: Conjugate(noise=0.3) if library == "tfp" else None
    )
    assert calibrate.main(["--workers", "1"], small) == 1
    said = capsys.readouterr().out
    assert f"{NAME}#one-pymc  FAILED: AttributeError" in said
    assert f"not uniform: mu of {NAME}#one-tfp, p = " in said
    assert calibrate.main(["nothing"], small) == 1


def test_a_broken_model_ends_with_status_1_though_the_others_are_right(small, monkeypatch, capsys):
    monkeypatch.setattr(
        programs, "program", lambda library, *_: Conjugate() if library == "tfp" else None
    )
    assert calibrate.main(["--workers", "1"], small) == 1
    said = capsys.readouterr().out
    assert f"{NAME}#one-pymc  FAILED: AttributeError" in said
    assert "2 of 2 quantities have uniform ranks." in said


def test_the_status_page_shows_the_tables(small):
    (small / "index.md").write_text(
        "# Status\n\n```{calibration-bands}\n```\n\n```{calibration}\n```\n\n```{calibration-left-out}\n```\n"
    )

    def text():
        with patch_docutils(small), docutils_namespace():
            Sphinx(
                small, None, small / "html", small / "trees", "html", status=None, warningiserror=True, freshenv=True,
                confoverrides={"extensions": ["myst_parser", "calibration_bands", "status_calibration"], "include_patterns": ["index.md"],
                               "source_suffix": {".md": "markdown"}},
            ).build()  # fmt: skip
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", (small / "html/index.html").read_text()))

    assert "no model has been calibrated. Run make calibrate" in text()
    record.save(
        {
            each.key: calibrate.calibrate(each, root=small) | {"digest": "old"}
            for each in record.models(small)
        },
        small,
    )
    shown = text()
    assert "chapters 01 one-tfp 200 2 0." in shown
    picture = (small / "html/index.html").read_text()
    assert picture.count("<svg ") == 1  # one model, in two libraries
    words = "PyMC: log likelihood, mu; all inside the band. TFP: log likelihood, mu; all inside the band"
    assert f'aria-label="chapter 01, one: {words}"' in picture
    assert f"changed since: {NAME}#one-pymc, {NAME}#one-tfp." in shown
    assert "chapters 01 two Too slow." in shown
    assert "in one library only" not in shown
    (small / TABLE).write_text(HEADER + LINES.replace("exact,exact", "exact,"))
    assert "in one library only: chapters 01 one ." in text()


def test_the_picture_names_the_lines_that_leave_the_band():
    entry = entry_of(Conjugate(blind=True))  # it ignores the data: only the likelihood shows that
    tables = [ecdf_difference(np.array(each), RANKED, 0.999) for each in entry["ranks"].values()]
    said = calibration_bands.told({"pymc": entry}, {"pymc": tables})
    assert said == "PyMC: log likelihood, mu; log likelihood outside the band"
    drawn = calibration_bands.panel({"pymc": tables}, said)
    x, y = np.array(re.findall(r"([\d.]+),([\d.]+)", drawn), float).T
    assert min(x.min(), y.min()) > 0.0
    assert (x.max(), y.max()) < (calibration_bands.WIDTH, calibration_bands.HEIGHT)
    assert drawn.count('class="band"') == 1  # the same for both
    assert drawn.count('class="pymc"') == 2


# --- The real thing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["pymc", "tfp"])
def test_ranks_of_a_chapter_follow_its_exact_posterior(library):
    """A rank is a binomial number of draws below the truth; the chance of a false alarm is one in a million."""
    (model,) = [each for each in record.models() if each.key.endswith(f"#lead-{library}")]
    program = programs.program(library, model.source(), model.expression)
    seed = np.random.SeedSequence(11)
    made = rank_batch(program, model.quantities, 20, 10, 0.8, seed)
    truths, data = program.simulate(20, int(seed.generate_state(3)[0]))
    precision = 10.0**-2 + 20 * 2.0**-2
    mean = data["reading"].sum(axis=1) * 2.0**-2 / precision
    below = stats.norm(mean, precision**-0.5).cdf(truths["mu"])
    z = (np.array(made["ranks"]["mu"]) - RANKED * below) / np.sqrt(RANKED * below * (1.0 - below))
    assert stats.chi2(20).sf((z**2).sum()) > 1e-6
    assert np.allclose(
        program.log_likelihood({"mu": truths["mu"][:, None]}, data)[:, 0],
        stats.norm(truths["mu"][:, None], 2.0).logpdf(data["reading"]).sum(axis=1),
    )
