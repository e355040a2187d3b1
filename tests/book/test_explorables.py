"""The pictures that a reader can move: their mathematics, and what they do under a hand.

Pages are opened as a reader opens them, from a folder and without a network: the chapter, for what depends
on it, and a page of its own for the rest. The mathematics of each explorable is evaluated there, in the
browser, and held against the course's own or SciPy's.
"""

from functools import cache
import re

from companion import datasets
from companion.lessons import mcmc
from make_stills import FOLDER, SHARED, names, page_of, still
import numpy as np
import pytest
from scipy import integrate, optimize, stats
from test_pages import PAGES, soup

CHAPTER = {
    "funnel": "11-funnels",
    "paths": "02-markov-chain-monte-carlo",
    "conjugate": "01-from-conjugacy-to-computation",
    "robust": "08-robust-regression",
    "shrinkage": "10-hierarchical-models",
}
LARGEST = 15_000  # bytes of an explorable's own script
LARGEST_SHARED = 20_000  # bytes of what they share

each = pytest.mark.parametrize("name", CHAPTER)


class Explorable:
    """An explorable on an open page."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.place = page.locator(f"#explorable-{name}")
        self.card = self.place.locator(".x-card")

    def says(self):
        """Return the sentence below the picture."""
        return self.card.locator(".x-says").inner_text().replace("\N{NO-BREAK SPACE}", " ")

    def picture(self):
        """Return the picture's markup."""
        return self.card.locator(".x-picture").inner_html()

    def slide(self, key, position):
        """Move a slider."""
        self.card.locator(f"#x-{self.name}-{key}").fill(str(position))

    def choose(self, text):
        """Choose one of several."""
        self.card.get_by_role("radio", name=text, exact=True).check()

    def press(self, text):
        """Press a button."""
        self.card.get_by_role("button", name=text).click()

    def drag(self, what, start, end):
        """Drag with the mouse, from and to places in pixels from the corner of an element."""
        hand = self.card.locator(what).first
        hand.scroll_into_view_if_needed()
        box = hand.bounding_box()
        self.page.mouse.move(box["x"] + start[0], box["y"] + start[1])
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=4)
        self.page.mouse.up()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return a function that gives the address of a page with nothing but one explorable."""
    folder = tmp_path_factory.mktemp("explorables")

    def address(name):
        path = folder / f"{name}.html"
        path.write_text(page_of(name), encoding="utf-8")
        return path.as_uri()

    return address


@pytest.fixture
def show(window, alone):
    """Return a function that opens an explorable on a page of its own."""

    def open_page(name, search="", width=800, **options):
        page = window(width, **options)
        page.goto(alone(name) + search)
        return Explorable(page, name)

    return open_page


@pytest.fixture
def show_in_book(window, book):
    """Return a function that opens the chapter of an explorable."""

    def open_page(name, search="", width=1440, **options):
        page = window(width, **options)
        page.goto((book / f"chapters/{CHAPTER[name]}.html").as_uri() + search)
        return Explorable(page, name)

    return open_page


@pytest.fixture(scope="module")
def compute(browser, alone):
    """Return a function that evaluates mathematics of an explorable in the browser.

    In the expression `m` is `explorables.math`, `a` the list of values, and `s` a function that makes a
    source of random numbers of two lists, as `Supply` does here.
    """
    pages = {}

    def evaluate(name, expression, *values):
        if name not in pages:
            pages[name] = browser.new_page(offline=True)
            pages[name].goto(alone(name))
        function = f"(a) => {{ const m = explorables.math, s = {SUPPLY}; return {expression}; }}"
        plain = [value.tolist() if hasattr(value, "tolist") else value for value in values]
        return pages[name].evaluate(function, plain)

    yield evaluate
    for page in pages.values():
        page.close()


def close(found, wanted, tolerance=1e-9):
    """Compare numbers of the browser with Python's."""
    found = np.asarray(found, dtype=float)
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


class Supply:
    """A source of random numbers that were drawn beforehand, in the place of a `Generator`."""

    def __init__(self, normals, uniforms):
        self.normals, self.uniforms = iter(normals), iter(uniforms)

    def standard_normal(self, shape):
        """Return the next Normal numbers."""
        count = int(np.prod(shape))
        return np.array([next(self.normals) for _ in range(count)]).reshape(shape)

    def random(self, shape=()):
        """Return the next uniform numbers."""
        return np.array([next(self.uniforms) for _ in range(int(np.prod(shape)))]).reshape(shape)


SUPPLY = """(normals, uniforms) => {
    let [i, j] = [0, 0];
    return {normal: () => normals[i++], uniform: () => uniforms[j++]};
}"""


# --- All of them -------------------------------------------------------------------------------------


def test_each_explorable_is_somewhere_and_small():
    assert set(names()) == set(CHAPTER)
    sizes = {name: (FOLDER / f"{name}.js").stat().st_size for name in CHAPTER}
    assert not {name: size for name, size in sizes.items() if size > LARGEST}
    assert (FOLDER / f"{SHARED}.js").stat().st_size <= LARGEST_SHARED


def test_only_pages_with_an_explorable_load_its_script(book):
    loaded = {
        page: set(re.findall(r"explorables/(\w+)\.js", (book / f"{page}.html").read_text()))
        for page in PAGES
    }
    wanted = {f"chapters/{chapter}": {SHARED, name} for name, chapter in CHAPTER.items()}
    assert {page: scripts for page, scripts in loaded.items() if scripts} == wanted


@each
def test_it_begins_with_a_picture_and_a_sentence(show_in_book, name):
    it = show_in_book(name)
    assert len(it.says()) > 60
    assert len(it.picture()) > 1000
    assert "NaN" not in it.picture() and "undefined" not in it.picture() + it.says()
    assert it.card.locator("[aria-live=polite]").count() == 1
    assert it.card.locator("svg[role=img]").get_attribute("aria-label")
    assert not it.place.locator("> p").is_visible()


@each
def test_every_control_is_native_and_has_a_name(show, name):
    nameless = show(name).card.evaluate(
        """(card) => {
            const native = "input, button, a[href], select";
            const active = [...card.querySelectorAll(native + ", [tabindex], [onclick], [role=slider]")];
            const title = (one) => one.labels?.[0]?.textContent.trim() || one.textContent.trim();
            return active.filter((one) => !one.matches(native) || !title(one)).map((one) => one.outerHTML);
        }"""
    )
    assert not nameless


@each
def test_a_key_moves_it_the_address_remembers_and_reset_forgets(show_in_book, name):
    it = show_in_book(name, "?ppl=tfp")
    first = it.says(), it.picture()
    it.card.locator("input[type=range]:enabled").first.focus()
    for _ in range(3):
        it.page.keyboard.press("ArrowRight")
    moved = it.says(), it.picture()
    assert moved[0] != first[0] and moved[1] != first[1]

    link = it.card.get_by_role("link", name="Link to this state").get_attribute("href")
    assert f"{name}=" in link and link.endswith(f"#explorable-{name}")
    assert it.page.url == link
    it.page.reload()
    assert (it.says(), it.picture()) == moved
    assert "ppl=tfp" in it.page.url
    assert it.page.locator("html").get_attribute("data-ppl") == "tfp"

    it.page.get_by_role("button", name="Reset").focus()
    it.page.keyboard.press("Enter")
    assert (it.says(), it.picture()) == first
    assert f"{name}=" not in it.page.url


@each
def test_nonsense_in_the_address_changes_nothing(show, name):
    first = show(name).says()
    assert show(name, f"?{name}=tau--4_data-moon_step-x_y-1e99_-_constructor-1").says() == first


@each
def test_paper_and_pages_without_scripts_show_the_still_picture(show_in_book, book, name):
    it = show_in_book(name)
    it.page.emulate_media(media="print")
    assert not it.card.is_visible()
    assert it.place.locator("> p").is_visible()
    bare = show_in_book(name, java_script_enabled=False)
    assert bare.place.locator("img").is_visible()
    assert "still picture" in bare.place.inner_text()
    image = soup(book / f"chapters/{CHAPTER[name]}.html").select_one(f"#explorable-{name} img")
    assert len(image["alt"]) > 100


@each
def test_it_fits_a_narrow_window_and_has_a_dark_palette(show, name):
    it = show(name, width=320)
    for theme in ("light", "dark"):
        it.page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        inside = it.card.evaluate(
            """(card) => [card, ...card.querySelectorAll("*:not(clipPath *, clipPath)")].filter(
                (one) => !one.closest("g[clip-path]") && one.getBoundingClientRect().right > innerWidth + 0.5
            ).map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert not inside
    color = "(svg) => getComputedStyle(svg).getPropertyValue('--x-a')"
    dark = it.card.locator(".x-picture").evaluate(color)
    it.page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert it.card.locator(".x-picture").evaluate(color) != dark


@each
def test_nothing_moves_by_itself_for_who_prefers_that(show, name):
    it = show(name, reduced_motion="reduce")
    assert not it.card.locator(".x-play:visible").count()


@each
def test_the_still_picture_is_the_first_one(browser, name):
    kept, now = (FOLDER / f"{name}.svg").read_text(), still(browser, name)
    number = re.compile(r"-?\d+\.?\d*")
    assert number.sub("#", kept) == number.sub("#", now), "run python tools/make_stills.py"
    pairs = zip(number.findall(kept), number.findall(now), strict=True)
    # A pixel is what another version of the browser may round differently.
    assert all(abs(float(a) - float(b)) <= 1.0 for a, b in pairs), "run python tools/make_stills.py"


# --- 10: shrinkage -----------------------------------------------------------------------------------

SCHOOLS, HOSPITALS = datasets.eight_schools(), datasets.hospitals()
GROUPS = {
    "schools": (SCHOOLS, stats.halfcauchy(scale=10.0), "m.shrinkage.priors.halfCauchy(10)"),
    "hospitals": (HOSPITALS, stats.halfnorm(scale=10.0), "m.shrinkage.priors.halfNormal(10)"),
}


def given_tau(y, s, tau):
    """Return moments of theta given tau, and the log evidence, from the joint Normal of mu and theta."""
    count = len(y)
    joint = np.full((count + 1, count + 1), 20.0**2)
    joint[1:, 1:] += tau**2 * np.eye(count)
    seen = joint[1:, 1:] + np.diag(s**2)
    gain = np.linalg.solve(seen, joint[1:, :]).T
    mean, covariance = gain @ y, joint - gain @ joint[1:, :]
    log_evidence = stats.multivariate_normal(np.zeros(count), seen).logpdf(y)
    return mean, np.sqrt(np.diag(covariance)), log_evidence


@pytest.mark.parametrize("data", GROUPS)
def test_shrinkage_has_the_data_of_the_course(compute, data):
    y, s = compute("shrinkage", f"[m.shrinkage.data.{data}.y, m.shrinkage.data.{data}.s]")
    frame = GROUPS[data][0]
    np.testing.assert_allclose(y, frame["effect"], atol=5e-5)
    np.testing.assert_allclose(s, frame["standard_error"], rtol=1e-12)


@pytest.mark.parametrize("tau", [0.3, 5.0, 40.0])
@pytest.mark.parametrize("data", GROUPS)
def test_shrinkage_given_tau(compute, data, tau):
    frame = GROUPS[data][0]
    y, s = frame["effect"].to_numpy(), frame["standard_error"].to_numpy()
    found = compute("shrinkage", "m.shrinkage.givenTau(a[0], a[1], a[2])", y, s, tau)
    mean, sd, log_evidence = given_tau(y, s, tau)
    close([found["mu"], *found["mean"]], mean)
    close(found["sd"], sd[1:])
    close(found["share"], s**2 / (s**2 + tau**2))
    # Up to a constant, the same for every tau.
    there = compute("shrinkage", "m.shrinkage.givenTau(a[0], a[1], 2)", y, s)
    change = found["logEvidence"] - there["logEvidence"]
    close(change, log_evidence - given_tau(y, s, 2.0)[2])


@pytest.mark.parametrize("data", GROUPS)
def test_shrinkage_averaged_over_tau(compute, data):
    frame, prior, in_browser = GROUPS[data]
    y, s = frame["effect"].to_numpy(), frame["standard_error"].to_numpy()
    found = compute(
        "shrinkage",
        f"(({{density, beyond, ...rest}}) => ({{...rest, at: density(3), more: beyond(3)}}))"
        f"(m.shrinkage.posterior(a[0], a[1], {in_browser}))",
        y,
        s,
    )
    offset = given_tau(y, s, 3.0)[2]
    at = cache(lambda tau: given_tau(y, s, tau))

    def integral(function, low=0.0):
        def weighted(tau):
            mean, sd, log_evidence = at(tau)
            return np.exp(log_evidence - offset) * prior.pdf(tau) * function(tau, mean, sd)

        exactly = {"epsabs": 0.0, "epsrel": 1e-12, "limit": 400}
        near = integrate.quad(weighted, low, low + 10.0, **exactly)[0]
        return near + integrate.quad(weighted, low + 10.0, np.inf, **exactly)[0]

    total = integral(lambda tau, mean, sd: 1.0)
    close(found["tau"], integral(lambda tau, mean, sd: tau) / total)
    close(found["mean"][0], integral(lambda tau, mean, sd: mean[1]) / total)
    second = integral(lambda tau, mean, sd: sd[1] ** 2 + mean[1] ** 2) / total
    close(found["sd"][0], np.sqrt(second - found["mean"][0] ** 2))
    close(found["at"], prior.pdf(3.0) / total)
    close(found["more"], integral(lambda tau, mean, sd: 1.0, low=3.0) / total)


def test_shrinkage_goes_from_one_effect_for_all_to_each_alone(show):
    it = show("shrinkage")
    it.slide("tau", 0)
    assert "At τ = 0 all schools are one" in it.says()
    assert it.picture().count("100 %") == 8
    it.slide("tau", 1)
    assert "School A keeps its 28.4 points" in it.says()
    assert it.picture().count(">0 %<") == 8
    it.slide("tau", 0.2)
    assert "G is now ahead of A" in it.says()
    it.slide("tau", 0.8)
    assert "τ = 20 points" in it.says() and "ahead" not in it.says()


def test_shrinkage_of_hospitals_and_averaged_over_tau(show):
    it = show("shrinkage", "?shrinkage=tau-2_data-hospitals")
    assert it.card.get_by_role("radio", name="Twelve hospitals").is_checked()
    assert "τ = 2.0 mmHg" in it.says() and "Hospital K" in it.says()
    it.choose("averaged over")
    assert it.card.locator("#x-shrinkage-tau").is_disabled()
    assert "Averaged over its posterior" in it.says()
    it.choose("Eight schools")
    assert "School A’s 28.4 points become 9.9" in it.says()


def test_shrinkage_can_be_dragged_and_played(show):
    it = show("shrinkage")
    it.drag(".x-hand", (60, 80), (12, 80))
    assert "At τ = 0" in it.says()
    it.press("Play")
    it.card.locator(".x-says", has_text="would become").wait_for()
    it.press("Stop")
    stopped = it.says()
    it.page.wait_for_timeout(300)
    assert it.says() == stopped


# --- 01: a conjugate update --------------------------------------------------------------------------


@pytest.mark.parametrize("a, b", [(0.4, 1.6), (2.0, 18.0), (32.0, 178.0), (420.0, 380.0)])
def test_conjugate_densities_probabilities_and_quantiles(compute, a, b):
    at = np.array([1e-3, 0.08, 0.2, 0.45, 0.9])
    exact = stats.beta(a, b)
    close(
        compute("conjugate", "a[0].map((x) => m.conjugate.pdf(x, a[1], a[2]))", at, a, b),
        exact.pdf(at),
    )
    close(
        compute("conjugate", "a[0].map((x) => m.conjugate.cdf(x, a[1], a[2]))", at, a, b),
        exact.cdf(at),
    )
    found = compute("conjugate", "a[0].map((p) => m.conjugate.quantile(p, a[1], a[2]))", at, a, b)
    close(found, exact.ppf(at))


def test_conjugate_posterior_by_adding_counts_and_by_an_integral(compute):
    a, b, y, n = 2.0, 18.0, 30, 190
    found = compute("conjugate", "m.conjugate.update(...a)", a, b, y, n)

    def integral(function):
        def joint(theta):
            weight = stats.beta(a, b).pdf(theta) * stats.binom(n, theta).pmf(y)
            return weight * function(theta)

        return integrate.quad(joint, 0.0, 1.0, epsabs=0.0, epsrel=1e-12, points=[0.1, 0.2])[0]

    evidence = integral(lambda theta: 1.0)
    mean = integral(lambda theta: theta) / evidence
    close(found["mean"], mean)
    close(found["sd"], np.sqrt(integral(lambda theta: (theta - mean) ** 2) / evidence))
    close([found["a"], found["b"], found["weight"]], [32.0, 178.0, 20 / 210])


def test_conjugate_adds_one_patient_after_another(show):
    it = show("conjugate")
    exact = stats.beta(32, 178)
    assert "the data are 30 of 190" in it.says() and "Beta(32, 178)" in it.says()
    assert f"with probability {exact.sf(0.2):.1%}".replace("%", " %") in it.says()
    it.press("+ 1 who came back")
    assert "31 of 191" in it.says() and "Beta(33, 178)" in it.says()
    it.press("+ 1 who did not")
    assert "31 of 192" in it.says() and "Beta(33, 179)" in it.says()


def test_conjugate_without_data_is_the_prior(show):
    it = show("conjugate", "?conjugate=n-0")
    assert "No patients yet" in it.says() and "Beta(2, 18)" in it.says()
    assert it.card.locator("#x-conjugate-share").is_disabled()
    it.press("+ 1 who came back")
    assert "the data are 1 of 1" in it.says() and "Beta(3, 18)" in it.says()


def test_conjugate_prior_is_moved_by_sliders_and_dragged(show):
    it = show("conjugate")
    it.slide("mean", 0.3)
    it.slide("worth", 100)
    assert "The prior counts like 120 of 400 patients" in it.says() and "68 %" in it.says()
    it.press("Reset")
    before = it.picture()
    it.drag(".x-hand", (26, 26), (166, 26))
    prior = re.search(r"counts like ([\d.]+) of 20", it.says())
    assert float(prior[1]) > 3.0 and "30 of 190" in it.says() and it.picture() != before


# --- 08: a robust line -------------------------------------------------------------------------------


def test_robust_has_days_of_the_course(compute):
    days = datasets.empanadas()
    ordinary = days[~days["outlier"]].iloc[10::20]
    x, y = compute("robust", "[m.robust.days.x, m.robust.days.y]")
    assert x == ordinary["customers"].tolist()
    assert y == ordinary["sales"].round().tolist()


@pytest.mark.parametrize("moved", [0.0, 9_800.0, 32_000.0])
@pytest.mark.parametrize("nu", [1.0, 3.0, 30.0])
def test_robust_lines_are_modes(compute, nu, moved):
    x, y = np.array(compute("robust", "[m.robust.days.x, m.robust.days.y]"), dtype=float)
    y[2] = moved
    normal = compute("robust", "m.robust.normalFit(a[0], a[1])", x, y)
    beta, (rest,) = np.linalg.lstsq(x[:, None], y)[:2]
    close([normal["beta"], normal["sigma"]], [beta[0], np.sqrt(rest / 10)])

    def log_likelihood(slope, log_scale):
        residual = y - np.asarray(slope)[..., None] * x
        return stats.t(nu, 0.0, np.exp(log_scale)[..., None]).logpdf(residual).sum(axis=-1)

    def gradient(parameters):
        slope, scale = parameters[0], np.exp(parameters[1])
        z = (y - slope * x) / scale
        weight = (nu + 1) / (nu + z**2)
        return [(weight * z * x).sum() / scale, (weight * z**2).sum() - 10.0]

    everywhere = np.meshgrid(np.linspace(120.0, 240.0, 241), np.linspace(3.0, 10.0, 141))
    best = log_likelihood(*everywhere).argmax()
    exact = optimize.root(gradient, [axis.flat[best] for axis in everywhere], tol=1e-13).x
    found = compute("robust", "m.robust.studentFit(a[0], a[1], a[2])", x, y, nu)
    close([found["beta"], found["sigma"]], [exact[0], np.exp(exact[1])])
    residual = (y - exact[0] * x) / np.exp(exact[1])
    close(found["weights"], (nu + 1) / (nu + residual**2))
    # Up to a constant, the same for every line.
    there = compute("robust", "m.robust.logLikelihood(a[0], a[1], a[2], 170, 500)", x, y, nu)
    close(found["fit"] - there, log_likelihood(*exact) - log_likelihood(170.0, np.log(500.0)))


def slopes(says):
    """Return the slopes of both lines in the sentence."""
    return [float(text) for text in re.findall(r"(?:Normal: |ν = \S+: )([\d.]+)", says)]


def test_robust_lines_answer_a_day_moved_by_keyboard(show):
    it = show("robust")
    normal, student = slopes(it.says())
    assert "9 of the 9 other days lie below" in it.says()
    it.card.locator("#x-robust-sales").focus()
    it.page.keyboard.press("End")
    assert "sold for 40,000 pesos" in it.says()
    after = slopes(it.says())
    assert after[0] > normal + 5 and abs(after[1] - student) < 1
    it.press("Put the day back")
    assert "sold for 9,555 pesos" in it.says()
    assert abs(np.diff(slopes(it.says()))[0]) < 1
    it.slide("day", 10)
    assert "The day with 99 customers sold for 9,555" in it.says()


def test_robust_days_can_be_dragged(show):
    it = show("robust")
    hand = "circle.x-hand[r='24']"
    picture = it.picture()
    it.drag(hand, (24, 24), (24, 104))
    sold = int(re.search(r"sold for ([\d,]+)", it.says())[1].replace(",", ""))
    assert 18_000 < sold < 25_000 and it.picture() != picture
    it.drag("circle.x-hand[r='11']", (11, 11), (11, -100))
    assert "The day with 35 customers" in it.says()


def test_robust_student_with_many_degrees_of_freedom_is_normal(show):
    it = show("robust", "?robust=nu-1")
    _, cauchy = slopes(it.says())
    it.slide("nu", 100)
    normal, student = slopes(it.says())
    assert abs(normal - student) < 3 < abs(normal - cauchy)


# --- Samplers ----------------------------------------------------------------------------------------


class Funnel:
    """The funnel of chapter 11, in the terms of `companion.lessons.mcmc`."""

    @staticmethod
    def log_density(position):
        x, y = position[..., 0], position[..., 1]
        return stats.norm.logpdf(y, 2.0, 3.0) + stats.norm.logpdf(x, 0.0, np.exp(y / 4.0))

    @staticmethod
    def gradient(position):
        x, y = position[..., 0], position[..., 1]
        precision = np.exp(-y / 2.0)
        slope = -(y - 2.0) / 9.0 - 0.25 + 0.25 * x**2 * precision
        return np.stack([-x * precision, slope], axis=-1)


class NonCentered:
    """The same in standardized coordinates: two independent Normals."""

    @staticmethod
    def log_density(position):
        return stats.norm.logpdf(position, [0.0, 2.0], [1.0, 3.0]).sum(axis=-1)

    @staticmethod
    def gradient(position):
        return -(position - [0.0, 2.0]) / np.array([1.0, 3.0]) ** 2


class CorrelatedNormal:
    """Two standard Normals with correlation 0.9."""

    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])

    @classmethod
    def log_density(cls, position):
        values = stats.multivariate_normal.logpdf(position, np.zeros(2), cls.covariance)
        return np.reshape(values, position.shape[:-1])  # SciPy drops an axis of length 1

    @classmethod
    def gradient(cls, position):
        return -np.linalg.solve(cls.covariance, position.T).T


class Banana:
    """x ~ Normal(0, 1) and y ~ Normal(x**2 - 1, 0.5)."""

    @staticmethod
    def log_density(position):
        x, y = position[..., 0], position[..., 1]
        return stats.norm.logpdf(x) + stats.norm.logpdf(y, x**2 - 1.0, 0.5)

    @staticmethod
    def gradient(position):
        x, y = position[..., 0], position[..., 1]
        pull = (y - x**2 + 1.0) / 0.25
        return np.stack([-x + 2.0 * x * pull, -pull], axis=-1)


TARGETS = {
    "m.paths.targets.normal": CorrelatedNormal,
    "m.paths.targets.banana": Banana,
    "m.paths.targets.funnel": Funnel,
    "m.funnelRuns.targets.centered": Funnel,
    "m.funnelRuns.targets.noncentered": NonCentered,
}
PLACES = np.array([[0.3, 1.2], [-1.5, 0.4], [0.02, -3.0], [2.5, 4.0]])


def of(target):
    """Return the explorable that has a target."""
    return "paths" if "paths" in target else "funnel"


@pytest.mark.parametrize("target", TARGETS)
def test_densities_and_gradients_are_those_of_python(compute, target):
    exact = TARGETS[target]
    found = compute(of(target), f"a[0].map({target}.logDensity)", PLACES)
    close(found, exact.log_density(PLACES))
    close(compute(of(target), f"a[0].map({target}.gradient)", PLACES), exact.gradient(PLACES))
    # The gradient belongs to the density: compare with differences.
    for axis in np.eye(2):
        up, down = (exact.log_density(PLACES + way * 1e-6 * axis) for way in (1, -1))
        np.testing.assert_allclose(exact.gradient(PLACES) @ axis, (up - down) / 2e-6, rtol=1e-5)


@pytest.mark.parametrize("target", TARGETS)
def test_a_leapfrog_path_is_that_of_companion(compute, target):
    start, push = [0.3, 1.2], [0.7, -1.1]
    path = compute(of(target), f"m.leapfrog(a[0], a[1], {target}.gradient, 0.2, 25)", start, push)
    exact = mcmc.leapfrog(
        np.array(start), np.array(push), TARGETS[target].gradient, step_size=0.2, steps=25
    )
    close([point["q"] for point in path], exact[0])
    close([point["p"] for point in path], exact[1])


@pytest.mark.parametrize("target", TARGETS)
def test_hmc_is_that_of_companion(compute, target):
    rng = np.random.default_rng(2)
    draws, step, steps = 40, 0.9, 3
    normals, uniforms = rng.standard_normal(2 * draws), rng.random(draws)
    exact = TARGETS[target]
    kernel = mcmc.hmc_kernel(exact.log_density, exact.gradient, step, steps)
    state, supply = kernel.init(np.array([[0.5, 0.0]])), Supply(normals, uniforms)
    wanted = []
    for _ in range(draws):
        state, info = kernel.step(state, supply)
        wanted.append((*state.position[0], info.energy_error[0], info.acceptance[0]))
    found = compute(
        of(target),
        f"""(() => {{
            const random = s(a[0], a[1]);
            let q = [0.5, 0];
            return Array.from({{length: {draws}}}, () => {{
                const next = m.hmc({target}, q, [random.normal(), random.normal()], random.uniform(), {step}, {steps});
                q = next.q;
                return [...q, next.error, next.acceptance];
            }});
        }})()""",
        normals,
        uniforms,
    )
    close(found, wanted)


IN_BROWSER = {
    "metropolis": "m.paths.metropolis({target}, q, 0.8, random)",
    "hmc": "m.paths.hmc({target}, q, 0.35, 6, random)",
    "nuts": "m.paths.nuts({target}, q, 0.35, random, 6)",
}


@pytest.mark.parametrize("sampler", IN_BROWSER)
@pytest.mark.parametrize("target", [name for name in TARGETS if of(name) == "paths"])
def test_chains_are_those_of_companion(compute, target, sampler):
    rng = np.random.default_rng(4)
    normals, uniforms = rng.standard_normal(60), rng.random(1000)
    exact = TARGETS[target]
    kernel = {
        "metropolis": lambda: mcmc.metropolis_hastings_kernel(exact.log_density, scale=0.8),
        "hmc": lambda: mcmc.hmc_kernel(exact.log_density, exact.gradient, 0.35, 6),
        "nuts": lambda: mcmc.nuts_kernel(exact.log_density, exact.gradient, 0.35, max_depth=6),
    }[sampler]()
    state, supply = kernel.init(np.array([[0.5, 0.2]])), Supply(normals, uniforms)
    wanted = []
    for _ in range(30):
        state, info = kernel.step(state, supply)
        steps = 1 if info.steps is None else info.steps[0]
        wanted.append((*state.position[0], info.acceptance[0], info.accepted[0], steps))
    found = compute(
        of(target),
        f"""(() => {{
            const random = s(a[0], a[1]);
            let q = [0.5, 0.2];
            return Array.from({{length: 30}}, () => {{
                const next = {IN_BROWSER[sampler].format(target=target)};
                q = next.q;
                return [...q, next.acceptance, next.accepted ? 1 : 0, next.steps];
            }});
        }})()""",
        normals,
        uniforms,
    )
    close(found, wanted)


# --- 02: paths of samplers ---------------------------------------------------------------------------


def test_contours_lie_where_the_density_has_their_level(compute):
    segments = compute(
        "paths", "m.paths.contour(([x, y]) => -x * x - y * y, [-2, 2], [-2, 2], -1, 80)"
    )
    points = np.reshape(segments, (-1, 2))
    assert len(points) > 200
    np.testing.assert_allclose(np.hypot(*points.T), 1.0, atol=1e-3)


def transitions(says):
    """Return, sampler by sampler, the number of transitions and their average length."""
    return {
        name: (int(count), float(length))
        for name, count, length in re.findall(r"(\w+) makes (\d+), ([\d.]+) long", says)
    }


def test_paths_spend_the_same_on_each_sampler(show):
    it = show("paths")
    made = transitions(it.says())
    assert made["Metropolis"][0] == 200 and made["HMC"][0] == 200 // 8
    assert made["HMC"][1] > 3 * made["Metropolis"][1]
    it.slide("steps", 20)
    assert transitions(it.says())["HMC"][0] == 10
    it.slide("spend", 10)
    assert "HMC has not finished its first" in it.says()
    it.card.locator("#x-paths-spend").focus()
    it.page.keyboard.press("End")
    assert transitions(it.says())["Metropolis"][0] == 1500


def test_paths_follow_the_target_and_the_step(show):
    it = show("paths")
    normal = it.picture()
    it.choose("banana")
    banana = it.picture()
    assert banana != normal and "paths=target-banana" in it.page.url
    it.choose("funnel")
    it.slide("step", 100)
    assert it.picture() != banana and "diverged" in it.says()
    it.press("Other random numbers")
    assert "seed-2" in it.page.url


def test_paths_can_be_played(show):
    it = show("paths")
    it.press("Play")
    it.card.locator(".x-says", has_text="for 2").wait_for()
    it.press("Stop")
    stopped = it.says()
    it.page.wait_for_timeout(200)
    assert it.says() == stopped


# --- 11: the funnel ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("coordinates", ["centered", "noncentered"])
def test_funnel_counts_divergences_as_companion_does(compute, coordinates, step):
    rng = np.random.default_rng(3)
    steps, draws = 4, 300
    normals, uniforms = rng.standard_normal(2 * draws), rng.random(draws)
    found = compute(
        "funnel",
        f"m.funnelRuns.run(m.funnelRuns.targets.{coordinates}, {step}, {steps}, {draws}, s(a[0], a[1]))",
        normals,
        uniforms,
    )
    exact = TARGETS[f"m.funnelRuns.targets.{coordinates}"]
    kernel = mcmc.hmc_kernel(exact.log_density, exact.gradient, step, steps)
    state, supply = kernel.init(np.array([[0.0, 2.0]])), Supply(normals, uniforms)
    places, diverged, accepted = [], [], 0
    with np.errstate(all="ignore"):  # beyond the limit of stability trajectories overflow
        for _ in range(draws):
            start = state.position[0]
            state, info = kernel.step(state, supply)
            places.append(state.position[0])
            accepted += int(info.accepted[0])
            if info.diverging[0]:
                diverged.append(start)
    # Beyond the limit of stability steps magnify the last digit, in which one machine's exponential differs from
    # another's, and each draw starts from the one before.
    tolerance = 1e-5
    close(found["draws"], places, tolerance)
    assert found["accepted"] == accepted and len(found["diverged"]) == len(diverged)
    close(np.reshape(found["diverged"], (-1, 2)), np.reshape(diverged, (-1, 2)), tolerance)
    assert (len(diverged) > 0) == (step == 3.0 or (coordinates == "centered" and step == 1.0))


def test_funnel_has_one_threshold_and_one_map(compute):
    assert compute("funnel", "m.DIVERGENT") == mcmc.DIVERGENT
    z, x = compute("funnel", "[m.funnelRuns.toZ([3, 4]), m.funnelRuns.toX([3, 4])]")
    close(z, [3.0 / np.e, 4.0])
    close(x, [3.0 * np.e, 4.0])


def funnel_counts(says):
    """Return the divergences and the share of draws in the neck, as the sentence has them."""
    diverged = re.search(r"transitions ([\d,]+|none) diverged", says)[1].replace(",", "")
    return 0 if diverged == "none" else int(diverged), float(re.search(r"([\d.]+) % lie", says)[1])


def test_funnel_answers_step_size_and_coordinates(show):
    it = show("funnel")
    diverged, neck = funnel_counts(it.says())
    assert diverged > 5 and neck < 2.3
    assert it.picture().count("the sampler moves here") == 1
    it.card.locator("#x-funnel-step").focus()
    it.page.keyboard.press("Home")
    assert "steps of 0.05 a trajectory" in it.says() and funnel_counts(it.says())[0] == 0
    it.choose("z, y (non-centered)")
    it.slide("step", 68)
    assert "Non-centered" in it.says() and funnel_counts(it.says())[0] == 0
    it.page.keyboard.press("Tab")
    it.card.locator("#x-funnel-step").focus()
    it.page.keyboard.press("End")
    assert funnel_counts(it.says())[0] > 100


def test_funnel_with_other_random_numbers_is_another_run(show):
    it = show("funnel")
    first = it.picture()
    it.press("Other random numbers")
    second = it.picture()
    assert second != first and "seed-2" in it.page.url
    it.press("Reset")
    assert it.picture() == first
    assert show("funnel", "?funnel=seed-2").picture() == second
