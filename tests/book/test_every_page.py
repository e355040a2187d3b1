"""Every page in a real browser: opened once, and asked for all that each page has to be.

A page loads little and misses no style, fits all windows, and axe-core finds nothing in it. To open a page and
to typeset it takes as long as most questions, so one test asks them all, and says all that it found.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe
from chapter_files import NOTEBOOK_FOLDERS
from page_markup import NOT_FOR_NOTEBOOKS
import pytest
from test_browser import SIDES, address, mathematics, typeset
from test_pages import PAGES, soup

MOST = 1_200_000  # bytes of scripts and styles

# The selectors of style sheets that find something on the page.
FINDS = """(sheets) => {
    const selectors = (rule) => rule.selectorText
        ? [rule.selectorText.replaceAll(/::[\\w-]+|:(hover|focus-visible|focus-within)/g, "")]
        : [...rule.cssRules ?? []].flatMap(selectors);
    return sheets.map((css) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        return [...sheet.cssRules].flatMap(selectors).filter((one) => document.querySelector(one));
    });
}"""

# Code in panels that has to be scrolled.
SCROLLED = """() => [...document.querySelectorAll(".twins .cell_input pre")]
    .filter((pre) => pre.scrollWidth > pre.clientWidth).map((pre) => pre.textContent.slice(0, 80))"""

# Formulas and tables that scroll, and do not begin at their left end; tables that are wider than their place and do
# not say so, or that the keyboard cannot scroll.
CUT = """() => ({
    "hidden at the left": [...document.querySelectorAll("article div.math, article .table-scroll")].filter((one) => {
        const inside = one.querySelector("mjx-math, table");
        return inside && inside.getBoundingClientRect().left < one.getBoundingClientRect().left - 1;
    }).map((one) => one.textContent.slice(0, 80)),
    "silently cut": [...document.querySelectorAll("article .table-scroll")].filter((one) =>
        one.scrollWidth > one.clientWidth + 1 && !(one.dataset.more === "right" && one.tabIndex === 0
        && getComputedStyle(one, "::after").opacity === "1")
    ).map((one) => `${one.scrollWidth} in ${one.clientWidth}: ${one.textContent.slice(0, 80)}`),
    "wider than the window": [document.documentElement.scrollWidth].filter((width) => width > innerWidth),
})"""

# Lines of code or output that are cut, in whatever is folded too, which is folded again.
CUT_LINES = """() => {
    const folded = [...document.querySelectorAll("article details:not([open])")];
    for (const one of folded) one.open = true;
    const cut = [...document.querySelectorAll("article pre")]
        .filter((pre) => pre.scrollWidth > pre.clientWidth + 1).map((pre) => pre.textContent.slice(0, 80));
    for (const one of folded) one.open = false;
    return cut;
}"""


def weighing(page):
    """Return the weights of scripts and styles, by path, that will be there as a page asks for them."""
    loaded = {}

    def weigh(request):
        if request.resource_type in ("script", "stylesheet"):
            path = unquote(urlsplit(request.url).path)
            loaded[path] = Path(path).stat().st_size

    page.on("request", weigh)
    return loaded


def too_heavy(loaded):
    """Return what is wrong with the scripts and styles of a chapter."""
    if not any("mathjax" in path for path in loaded):
        yield "loads no MathJax, or what is loaded is not seen"
    if sum(loaded.values()) > MOST:
        heaviest = sorted(loaded.items(), key=lambda item: -item[1])[:5]
        yield f"loads {sum(loaded.values())} bytes of scripts and styles, the heaviest of them {heaviest}"


def missed(page, book):
    """Return the styles that a page of a notebook has use for, in style sheets that it does not load."""
    left_out = sorted(name for name in NOT_FOR_NOTEBOOKS if name.endswith(".css"))
    sheets = [(book / name).read_text() for name in left_out]
    for name, found in zip(left_out, page.evaluate(FINDS, sheets), strict=True):
        if found:
            yield f"does not load {name}, which has styles for {found}"


def not_beside(page):
    """Return what is wrong with the panels in a wide window: PyMC stands beside TFP, and no code is scrolled."""
    if page.locator(".twins").count():
        pymc, tfp = (page.locator(side).first.bounding_box() for side in SIDES.values())
        if pymc["x"] + pymc["width"] >= tfp["x"] or abs(pymc["y"] - tfp["y"]) >= 1:
            yield f"PyMC is at {pymc}, and not beside TFP at {tfp}"
    yield from (f"has to be scrolled: {line}" for line in page.evaluate(SCROLLED))


def too_wide(page):
    """Return what does not fit into windows of three widths; the page is as wide as before in the end."""
    for width in (390, 320, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(axe.SETTLED)
        for what, found in page.evaluate(CUT).items():
            yield from (f"{width}: {what}: {one}" for one in found)
    yield from (f"1440: a line is cut: {line}" for line in page.evaluate(CUT_LINES))


@pytest.mark.parametrize("name", [*PAGES, "search", "genindex"])
def test_a_page_is_light_fits_all_windows_and_axe_finds_nothing_in_light_and_dark(
    window, book, name
):
    page = window(1440)
    loaded = weighing(page)
    page.goto(address(book, name))
    page.evaluate("window.MathJax?.startup?.promise")
    found = list(too_heavy(loaded)) if name.startswith("chapters/") else []
    typeset(page)
    if name.split("/")[0] in NOTEBOOK_FOLDERS:
        found += missed(page, book)
    found += not_beside(page)
    if soup(book / f"{name}.html").select_one("article .math"):
        found += mathematics(page)
    found += too_wide(page)
    found += axe.violations(page)
    assert not found, "\n".join(found)


# A fault of each kind that axe is asked about: where it is, by rules of style, and the looks in which it is found.
ONE = "@media (%s-width: 800px) { html[data-theme=%s] .planted { %s } }"
HIDDEN = ".planted { display: none; }"
PALE = "background: rgb(120, 120, 120); color: rgb(110, 110, 110)"
TEXT = "<p class=planted>Who can read this?</p>"
PICTURE = "<img class=planted src=data:,>"
LINK = (
    "<p>This text has <a class=planted href=index.html>a link</a> that nobody sees to be one.</p>"
)
UNSEEN = "color: rgb(180, 190, 200) !important; text-decoration: none !important; border: 0"
LOOKS = ["light-1440", "light-390", "dark-1440", "dark-390"]
FAULTS = {
    "a picture without words": (PICTURE, "", "image-alt", ["light-1440", "light-390"]),
    "such a picture, dark only": (
        PICTURE,
        HIDDEN + "html[data-theme=dark] .planted { display: block; }",
        "image-alt",
        ["dark-1440", "dark-390"],
    ),
    "such a picture, narrow only": (
        PICTURE,
        HIDDEN + "@media (max-width: 800px) { .planted { display: block; } }",
        "image-alt",
        ["light-390"],
    ),
    "pale text": (TEXT, f".planted {{ {PALE} }}", "color-contrast", LOOKS[:1]),  # said once
    "pale text, light and wide": (
        TEXT,
        ONE % ("min", "light", PALE),
        "color-contrast",
        LOOKS[:1],
    ),
    "pale text, light and narrow": (
        TEXT,
        ONE % ("max", "light", PALE),
        "color-contrast",
        LOOKS[1:2],
    ),
    "pale text, dark and wide": (TEXT, ONE % ("min", "dark", PALE), "color-contrast", LOOKS[2:3]),
    "pale text, dark and narrow": (TEXT, ONE % ("max", "dark", PALE), "color-contrast", LOOKS[3:]),
    "a link like text, dark": (
        LINK,
        f"html[data-theme=dark] a.planted {{ {UNSEEN} }}",
        "link-in-text-block",
        ["dark-1440", "dark-390"],
    ),
    "small buttons, narrow": (
        "<button class=planted>A</button><button class=planted>B</button>",
        "@media (max-width: 800px) { .planted { width: 9px; height: 9px; padding: 0; border: 0; font-size: 5px; } }",
        "target-size",
        ["light-390"],
    ),
}


# Of a dark page not everything is asked, which has to be enough for a long page with code, formulas and pictures, too.
IN_A_CHAPTER = ["such a picture, dark only", "pale text, dark and narrow", "a link like text, dark"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [("index", fault) for fault in FAULTS]
    + [("chapters/03-first-models", fault) for fault in IN_A_CHAPTER],
)
def test_axe_finds_a_fault_in_each_look_that_has_it(window, book, name, fault):
    html, css, rule, looks = FAULTS[fault]
    page = window(1440)
    page.goto(address(book, name))
    typeset(page)
    page.evaluate(
        """([html, css]) => {
            document.querySelector("article").insertAdjacentHTML("beforeend", html);
            document.head.insertAdjacentHTML("beforeend", `<style>${css}</style>`);
        }""",
        [html, css],
    )
    found = [line.split(" (")[0] for line in axe.violations(page)]
    assert {each for each in found if rule in each} == {f"{look}: {rule}" for look in looks}
