"""Ship the styles, icons and programs that the pages use, and nothing else.

The theme and Sphinx bring the styles of all that they could show, 2,000 icons as a program of 1.5 MB, and the
maps of the theme's sources; MathJax comes in every form there is. When the pages are written, this looks which
classes the pages and programs name, keeps the rules of these style sheets that can apply, cuts the font of icons
down to those that are drawn, and copies the parts of MathJax that `_config.yml` loads.
"""

import base64
from collections.abc import Iterator
import importlib.util
import io
import logging
from pathlib import Path
import re
import shutil
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

MATHJAX = (
    "startup.js",
    "core.js",
    "input/tex-base.js",
    "input/tex/extensions/*.js",
    "output/chtml.js",
    "output/chtml/fonts/**/*",
    "a11y/assistive-mml.js",
    "ui/lazy.js",
)
SHEETS = ("styles/*.css", "basic.css", "pygments.css", "sphinx-design.min.css", "mystnb.*.css")
TRIMMED = "/* Only the rules that a page needs. */\n"  # the first line of a sheet that was cut down
UNUSED = ("**/*.map", "scripts/fontawesome.js", "vendor", "locales", "*webpack-macros.html")
ICONS = "vendor/fontawesome/webfonts/fa-solid-900.ttf"
WORD = re.compile(r"[\w-]+")
CLASSES = re.compile(r"\bclass=\"([^\"]*)\"")
THEME = "scripts/pydata-sphinx-theme.js"
# The theme asks each box of code for its size, and so has the browser lay out at once what it would lay out when the
# reader comes near. `_static/book.js` does the same when there is time.
EAGER = re.compile(
    r"\.forEach\(e=>\{e\.tabIndex=e\.scrollWidth>e\.clientWidth\|\|e\.scrollHeight>e\.clientHeight\?0:-1\}\)"
)
GLYPH = re.compile(r'"([^"\\])"')  # a string of one character, as icons are in a style sheet


def words_used(html: Path) -> set[str]:
    """Return every class of a page, and every word of a program, which may be a class it sets."""
    words = set()
    for path in html.rglob("*.html"):
        if "_static" not in path.parts:
            for value in set(CLASSES.findall(path.read_text(encoding="utf-8"))):
                words.update(value.split())
    for path in (html / "_static").rglob("*.js"):
        if "mathjax" not in path.parts and path.name != "fontawesome.js":
            words.update(WORD.findall(path.read_text(encoding="utf-8")))
    return words


def can_apply(selector: list[Node], words: set[str]) -> bool:
    """Whether something on a page may have all classes that a selector asks for.

    What stands in parentheses, as in `:not(...)` or `:is(...)`, is not looked at.
    """
    after_dot = zip(selector, selector[1:], strict=False)
    names = [name.value for dot, name in after_dot if dot == "." and name.type == "ident"]
    return all(name in words for name in names)


def alternatives(prelude: list[Node]) -> Iterator[list[Node]]:
    """Yield the selectors of a rule, which commas part."""
    one: list[Node] = []
    for token in prelude:
        if token == ",":
            yield one
            one = []
        else:
            one.append(token)
    yield one


def used_rules(rules: list[Node], words: set[str]) -> Iterator[str]:
    """Yield, as text, the rules of a style sheet that can apply."""
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            chosen = [one for one in alternatives(rule.prelude) if can_apply(one, words)]
            if chosen:
                prelude = ",".join(tinycss2.serialize(one).strip() for one in chosen)
                yield f"{prelude}{{{tinycss2.serialize(rule.content).strip()}}}"
        elif isinstance(rule, AtRule) and rule.lower_at_keyword in ("media", "supports"):
            inside = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            if within := "".join(used_rules(inside, words)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{within}}}"
        elif isinstance(rule, AtRule) and rule.lower_at_keyword == "font-face":
            if "Font Awesome" not in tinycss2.serialize(rule.content).replace("\\", ""):
                yield rule.serialize()
        else:
            yield rule.serialize()


def icon_font(font: Path, glyphs: set[int]) -> str:
    """Return the rule that brings a font of only some icons along."""
    whole = TTFont(font, recalcTimestamp=False)  # the same icons give the same bytes
    logging.getLogger(subset.__name__).setLevel(logging.WARNING)  # what it did is nobody's concern
    options = subset.Options(layout_features=[], hinting=False, name_IDs=[], notdef_outline=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=glyphs)
    cutter.subset(whole)
    file = io.BytesIO()
    whole.save(file)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        '@font-face{font-family:"Font Awesome 6 Free";font-weight:900;font-display:block;'
        f'src:url("data:font/ttf;base64,{data}") format("truetype")}}'
    )


def as_written(static: Path) -> dict[Path, str]:
    """Return the style sheets that have all their rules: of those that a build does not write again, none."""
    texts = {
        path: path.read_text(encoding="utf-8")
        for pattern in SHEETS
        for path in sorted(static.glob(pattern))
    }
    return {path: text for path, text in texts.items() if not text.startswith(TRIMMED)}


def trim_sheets(static: Path, sheets: dict[Path, str], words: set[str]) -> None:
    """Cut style sheets down, and put the icons that they name into the theme's, if that is one of them."""
    for path, text in sheets.items():
        parsed = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        sheets[path] = TRIMMED + "".join(used_rules(parsed, words))
    named = {ord(character) for text in sheets.values() for character in GLYPH.findall(text)}
    first = static / "styles" / "pydata-sphinx-theme.css"
    if first in sheets:
        sheets[first] += icon_font(static / ICONS, named)
    for path, text in sheets.items():
        path.write_text(text, encoding="utf-8")


def quicken_theme(static: Path) -> None:
    """Leave out of the theme's program what lays out the whole page."""
    path = static / THEME
    path.write_text(EAGER.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")


def copy_mathjax(static: Path) -> None:
    """Copy the parts of MathJax that a page may load."""
    found = importlib.util.find_spec("sphinx-mathjax-offline")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("sphinx-mathjax-offline is not installed: run `make book`.")
    source = Path(found.origin).parent / "static" / "mathjax"
    for path in (path for pattern in MATHJAX for path in source.glob(pattern)):
        target = static / "mathjax" / path.relative_to(source)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Do all this when the pages are there."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if (static / ICONS).exists():  # else the theme's are those of the last build, as they were left
        copy_mathjax(static)
        quicken_theme(static)
    if sheets := as_written(static):
        trim_sheets(static, sheets, words_used(Path(app.outdir)))
    for path in [path for pattern in UNUSED for path in static.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("build-finished", lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
