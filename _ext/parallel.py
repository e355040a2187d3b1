"""Let Sphinx use all cores, and look for a plugin only once.

Sphinx reads pages one after another if any extension does not declare that it may be used in parallel.
One does not, and may: it counts sections after all pages were read.

pybtex looks through all installed packages for each citation, which makes seconds; a plugin that
is registered is found at once.
"""

from typing import Any

from pybtex.backends.plaintext import Backend
from pybtex.plugin import register_plugin
from sphinx.application import Sphinx
from sphinx.config import Config

SAFE = ("sphinx_multitoc_numbering",)


def declare(app: Sphinx, config: Config) -> None:
    """Say for these extensions what they do not say themselves."""
    for name in SAFE:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, which comes when all extensions have been loaded."""
    register_plugin("pybtex.backends", "plaintext", Backend, force=True)
    app.connect("config-inited", declare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
