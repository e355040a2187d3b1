"""Sentences whose numbers come from the computation.

A number typed into prose is wrong after the next change of the data, the seed or a library. `say`
prints a sentence as Markdown, below the cell that computed it, in JupyterLab and in the book alike.
"""

from IPython.display import Markdown

__all__ = ["say"]


def say(text: str) -> Markdown:
    """Return text as rendered Markdown.

    Parameters
    ----------
    text : str
        Markdown, usually an f-string. Line breaks and indentation are folded, so that a long
        sentence may be written over several lines of code.

    Returns
    -------
    IPython.display.Markdown
        Displayed when it is the last value of a cell.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, but a {type(text).__name__} was given.")
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return Markdown("\n\n".join(paragraphs))
