"""Does the book hold with other draws? What `tools/other_seeds.py` runs, and what it concludes."""

from pathlib import Path

FILE = Path("runs") / "seeds.json"
