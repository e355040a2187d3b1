"""Is every model calibrated? What `tools/calibrate.py` runs, and what it concludes."""

from pathlib import Path

FILE = Path("runs") / "calibration.json"
TABLE = Path("chapters") / "calibration.csv"

LIKELIHOOD = "log likelihood"  # which is ranked of every model
