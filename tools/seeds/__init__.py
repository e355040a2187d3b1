"""Does the book hold with other draws? What `tools/other_seeds.py` runs, and what it concludes."""
