"""Draw the still pictures of the explorables, for paper, for Jupyter and for pages without JavaScript.

    python tools/make_stills.py

opens each explorable in Chromium and keeps its first picture as `_static/explorables/NAME.svg`. Run it
after a change of an explorable that changes what it shows at first; a test says when.
"""

from collections.abc import Iterator
from pathlib import Path
import re

from course import ROOT
import machine
from playwright.sync_api import Browser, sync_playwright

FOLDER = ROOT / "_static" / "explorables"
SHARED = "shared"
STYLES = ("explorables", "picture")
WIDTH = 736


def names() -> list[str]:
    """Return the names of all explorables."""
    return sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != SHARED)


def page_of(name: str) -> str:
    """Return a page that holds one explorable and nothing else."""
    styles = ((FOLDER / f"{each}.css").read_text(encoding="utf-8") for each in STYLES)
    scripts = ((FOLDER / f"{each}.js").read_text(encoding="utf-8") for each in (SHARED, name))
    tags = "".join(f"<style>{style}</style>" for style in styles)
    place = f'<div class="explorable explorable-{name}" id="explorable-{name}"></div>'
    body = f'<body style="max-width: {WIDTH}px; margin: 0 auto">{place}'
    return f"<!doctype html><meta charset=utf-8>{tags}{body}" + "".join(
        f"<script>{script}</script>" for script in scripts
    )


def light_style() -> str:
    """Return the style of the pictures without comments and without the dark palette."""
    style = (FOLDER / "picture.css").read_text(encoding="utf-8")
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"html\[data-theme[^{]*\{[^}]*\}", "", style)
    return re.sub(r"\s+", " ", style).strip()


def still(browser: Browser, name: str) -> str:
    """Return the first picture of an explorable, as the text of a file.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        A running Chromium.
    name : str
        The explorable: `shrinkage`, ...

    Returns
    -------
    str
        An SVG document that needs no other file.
    """
    page = browser.new_page(viewport={"width": WIDTH + 40, "height": 900}, offline=True)
    page.set_content(page_of(name))
    page.wait_for_selector(".x-picture[viewBox]")
    picture = page.locator(".x-picture")
    content = picture.evaluate("(svg) => new XMLSerializer().serializeToString(svg)")
    box = picture.get_attribute("viewBox") or ""
    page.close()
    inside = re.sub(r"^<svg[^>]*>|</svg>$", "", content)
    inside = re.sub(r'<rect class="x-hand"[^>]*/>|<circle class="x-hand"[^>]*/>', "", inside)
    inside = re.sub(r' (class|text-anchor)=""', "", inside).replace(" />", "/>")
    width, height = box.split()[2:]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="x-picture" viewBox="{box}" width="{width}" '
        f'height="{height}">\n<style>{light_style()}</style>\n'
        f'<rect width="{width}" height="{height}" style="fill: #fff"/>\n{inside}\n</svg>\n'
    )


def all_stills() -> Iterator[tuple[Path, str]]:
    """Yield the file and the text of each still picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=machine.browser(), args=["--no-sandbox"]
        )
        for name in names():
            yield FOLDER / f"{name}.svg", still(browser, name)
        browser.close()


if __name__ == "__main__":
    for path, text in all_stills():
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(text.encode()) / 1000:.1f} kB")
