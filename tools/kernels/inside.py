"""What a kernel runs before a notebook's first cell and after its last, to see what happens in between.

Nothing of it stays among the notebook's names: a file of ours is loaded as a module, and its functions `start`
and `finish` are called.
"""

from pathlib import Path
from typing import Any

START = """
def _start(name, path, arguments):
    import importlib.util, sys
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.start(**arguments)
_start({name!r}, {path!r}, {arguments!r})
del _start
"""
FINISH = "__import__('sys').modules[{name!r}].finish(**{arguments!r})"


def name_of(path: Path) -> str:
    """Return a name for a module that no notebook imports."""
    return f"course_{path.stem}"


def start(path: Path, **arguments: Any) -> str:
    """Return the code that loads a module and calls its `start`."""
    return START.format(name=name_of(path), path=str(path), arguments=arguments)


def finish(path: Path, **arguments: Any) -> str:
    """Return the code that calls the `finish` of the same module."""
    return FINISH.format(name=name_of(path), arguments=arguments)
