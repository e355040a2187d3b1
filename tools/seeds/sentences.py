"""One page for an editor: every computed sentence, as it reads with other seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
import html
from pathlib import Path
import re
from typing import Any

from course import ROOT

from seeds.sweep import FOLDER, Job

FILE = FOLDER / "sentences.html"
NUMBER = re.compile(r"[+\u2212-]?\d[\d,.]*")
STYLE = """
body { font: 15px/1.4 sans-serif; margin: 1em; } h2 { margin-top: 2em; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; }
td, th { border: 1px solid #bbb; padding: .4em; text-align: left; vertical-align: top; }
caption { text-align: left; font-weight: bold; padding-top: 1em; }
mark { background: #ffd54f; } .missing { color: #999; }
"""
SECTIONS = {
    "words": "The words differ",
    "numbers": "Only numbers differ",
    "same": "The same in all runs",
}


@dataclass(frozen=True)
class Sentence:
    """A sentence in several runs.

    Attributes
    ----------
    notebook, cell : str
        Where it is computed.
    texts : tuple of (str or None)
        How it reads in each run; None where it was not printed.
    """

    notebook: str
    cell: str
    texts: tuple[str | None, ...]

    @property
    def kind(self) -> str:
        """What differs between the runs: `words`, `numbers`, or nothing (`same`)."""
        if len(set(self.texts)) == 1:
            return "same"
        masked = {None if text is None else NUMBER.sub("#", text) for text in self.texts}
        return "numbers" if len(masked) == 1 else "words"


def collect(results: Mapping[Job, Mapping[str, Any]]) -> tuple[list[str], list[Sentence]]:
    """Return the names of the runs, and each sentence in all of them.

    Parameters
    ----------
    results : mapping
        What `sweep.run` returned.
    """
    tasks = list(dict.fromkeys(task for _, task in results))
    found = []
    for name in dict.fromkeys(name for name, _ in results):
        said = [results.get((name, task), {}).get("sentences", {}) for task in tasks]
        for cell in dict.fromkeys(cell for texts in said for cell in texts):
            for i in range(max(len(texts.get(cell, ())) for texts in said)):
                versions = tuple((*texts.get(cell, ()), *[None] * (i + 1))[i] for texts in said)
                found.append(Sentence(name, cell, versions))
    return [task.name for task in tasks], found


def marked(text: str | None, first: str | None) -> str:
    """Return a version as HTML, with the words marked that the first version does not have."""
    if text is None:
        return '<span class="missing">not printed</span>'
    words, others = text.split(), (first or "").split()
    matcher = SequenceMatcher(
        None,
        [NUMBER.sub("#", word) for word in others],
        [NUMBER.sub("#", word) for word in words],
        autojunk=False,
    )
    parts = []
    for kind, _, _, begin, end in matcher.get_opcodes():
        piece = html.escape(" ".join(words[begin:end]))
        if piece:
            parts.append(piece if kind == "equal" else f"<mark>{piece}</mark>")
    return " ".join(parts)


def page(runs: Sequence[str], sentences: Sequence[Sentence]) -> str:
    """Return the page as HTML: what differs in its words stands first.

    Parameters
    ----------
    runs : sequence of str
        Names of the runs, the first of which is compared with.
    sentences : sequence of Sentence
        What was said in them.
    """
    head = "".join(f"<th>{html.escape(run)}</th>" for run in runs)
    parts = [f"<!doctype html><meta charset='utf-8'><title>Sentences</title><style>{STYLE}</style>"]
    for kind, title in SECTIONS.items():
        chosen = [sentence for sentence in sentences if sentence.kind == kind]
        parts.append(f"<h2>{title}: {len(chosen)} of {len(sentences)}</h2>")
        for sentence in chosen:
            shown = sentence.texts[:1] if kind == "same" else sentence.texts
            cells = "".join(f"<td>{marked(text, sentence.texts[0])}</td>" for text in shown)
            parts.append(
                f"<table><caption>{html.escape(sentence.notebook)} · {html.escape(sentence.cell)}"
                f"</caption><tr>{head if kind != 'same' else ''}</tr><tr>{cells}</tr></table>"
            )
    return "\n".join(parts)


def write(results: Mapping[Job, Mapping[str, Any]], root: Path = ROOT) -> Path:
    """Write the page, and return its file."""
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(*collect(results)), encoding="utf-8")
    return path
