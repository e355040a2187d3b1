"""Let some pictures of the book be moved by the reader.

A chapter shows such a picture as what it is in Jupyter and on paper, a still image in a paragraph::

    ![What can be seen.](../_static/explorables/shrinkage.svg)
    *A still picture: in the book you move it.*

In the book the paragraph is wrapped into `<div class="explorable explorable-shrinkage">`, and that page,
and no other, loads `shared.js`, which all explorables use, and `shrinkage.js`, which builds the
explorable into the `div` and puts the still picture away.
"""

from pathlib import Path
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

FOLDER = "explorables"
STILL = re.compile(rf"_static/{FOLDER}/(\w+)\.svg$")
STYLES = ("explorables.css", "picture.css")

logger = logging.getLogger(__name__)


class FindExplorables(SphinxTransform):
    """Wrap the paragraph of each still picture, and remember which pictures a page has."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        found = []
        for image in list(self.document.findall(nodes.image)):
            still = STILL.search(image["uri"])
            if still is None:
                continue
            name = still[1]
            if not (Path(self.env.srcdir) / "_static" / FOLDER / f"{name}.js").is_file():
                logger.warning(
                    "%s shows the still picture of an explorable, and _static/%s/%s.js is missing.",
                    self.env.docname,
                    FOLDER,
                    name,
                    location=image,
                    type="explorables",
                )
                continue
            address = f"explorable-{name}"
            place = nodes.container(classes=["explorable", address], ids=[address])
            paragraph = image.parent
            paragraph.replace_self(place)
            place += paragraph
            found.append(name)
        if found:
            self.env.metadata[self.env.docname]["explorables"] = " ".join(found)


def leave_out(app: Sphinx, config: Config) -> None:
    """Take the explorables from the files of all pages, where Jupyter Book puts whatever is static."""
    for files in (config.html_js_files, config.html_css_files):
        files[:] = [
            file for file in files if not (isinstance(file, str) and file.startswith(f"{FOLDER}/"))
        ]


def add_files(app: Sphinx, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Load style and scripts on the pages that have an explorable."""
    names = app.env.metadata.get(pagename, {}).get("explorables", "").split()
    if names:
        for style in STYLES:
            app.add_css_file(f"{FOLDER}/{style}")
        for script in ("shared", *dict.fromkeys(names)):
            app.add_js_file(f"{FOLDER}/{script}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform and the hooks."""
    app.add_transform(FindExplorables)
    app.connect("config-inited", leave_out)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
