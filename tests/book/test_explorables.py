"""The pictures that a reader can move: their mathematics, and what they do under a hand.

Each page is opened as a reader opens it, from its folder and without a network. The mathematics of each
explorable is evaluated there, in the browser, and held against the course's own or SciPy's.
"""

import re

from companion import datasets
from course import ROOT
from make_stills import FOLDER, SHARED, names, page_of, still
import numpy as np
import pytest
from scipy import integrate, stats
from test_pages import PAGES, soup

CHAPTER = {
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


@pytest.fixture
def show(window, book):
    """Return a function that opens the page of an explorable."""

    def open_page(name, search="", width=1440, **options):
        page = window(width, **options)
        page.goto((book / f"chapters/{CHAPTER[name]}.html").as_uri() + search)
        return Explorable(page, name)

    return open_page


@pytest.fixture(scope="module")
def compute(browser, tmp_path_factory):
    """Return a function that evaluates mathematics of an explorable in the browser.

    In the expression `m` is what the explorable has in `explorables.math`, and `a` the list of values.
    """
    folder, pages = tmp_path_factory.mktemp("explorables"), {}

    def evaluate(name, expression, *values):
        if name not in pages:
            (folder / f"{name}.html").write_text(page_of(name))
            pages[name] = browser.new_page(offline=True)
            pages[name].goto((folder / f"{name}.html").as_uri())
        function = f"(a) => {{ const m = explorables.math.{name}; return {expression}; }}"
        plain = [value.tolist() if hasattr(value, "tolist") else value for value in values]
        return pages[name].evaluate(function, plain)

    yield evaluate
    for page in pages.values():
        page.close()


def close(found, wanted):
    """Compare numbers of the browser with Python's."""
    np.testing.assert_allclose(np.asarray(found, dtype=float), wanted, rtol=1e-9, atol=1e-9)


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
def test_it_begins_with_a_picture_and_a_sentence(show, name):
    it = show(name)
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
def test_a_key_moves_it_the_address_remembers_and_reset_forgets(show, name):
    it = show(name, "?ppl=tfp")
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
def test_paper_and_pages_without_scripts_show_the_still_picture(show, name):
    it = show(name)
    it.page.emulate_media(media="print")
    assert not it.card.is_visible()
    assert it.place.locator("> p").is_visible()
    bare = show(name, java_script_enabled=False)
    assert bare.place.locator("img").is_visible()
    assert "still picture" in bare.place.inner_text()
    image = soup(ROOT / "_build" / "html" / f"chapters/{CHAPTER[name]}.html").select_one(
        f"#explorable-{name} img"
    )
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
    "schools": (SCHOOLS, stats.halfcauchy(scale=10.0), "m.priors.halfCauchy(10)"),
    "hospitals": (HOSPITALS, stats.halfnorm(scale=10.0), "m.priors.halfNormal(10)"),
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


@pytest.mark.parametrize("tau", [0.3, 5.0, 40.0])
@pytest.mark.parametrize("data", GROUPS)
def test_shrinkage_given_tau(compute, data, tau):
    frame = GROUPS[data][0]
    y, s = frame["effect"].to_numpy(), frame["standard_error"].to_numpy()
    found = compute("shrinkage", "m.givenTau(a[0], a[1], a[2])", y, s, tau)
    mean, sd, log_evidence = given_tau(y, s, tau)
    close([found["mu"], *found["mean"]], mean)
    close(found["sd"], sd[1:])
    close(found["share"], s**2 / (s**2 + tau**2))
    # Up to a constant, the same for every tau.
    there = compute("shrinkage", "m.givenTau(a[0], a[1], 2)", y, s)
    change = found["logEvidence"] - there["logEvidence"]
    close(change, log_evidence - given_tau(y, s, 2.0)[2])


@pytest.mark.parametrize("data", GROUPS)
def test_shrinkage_averaged_over_tau(compute, data):
    frame, prior, in_browser = GROUPS[data]
    y, s = frame["effect"].to_numpy(), frame["standard_error"].to_numpy()
    found = compute(
        "shrinkage",
        f"(({{density, beyond, ...rest}}) => ({{...rest, at: density(3), more: beyond(3)}}))"
        f"(m.posterior(a[0], a[1], {in_browser}))",
        y,
        s,
    )
    offset = given_tau(y, s, 3.0)[2]

    def integral(function, low=0.0):
        def weighted(tau):
            mean, sd, log_evidence = given_tau(y, s, tau)
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
    assert "School A's 28.4 points become 9.9" in it.says()


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
