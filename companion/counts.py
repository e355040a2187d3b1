"""Counts with their exposure: lip cancer in Scotland, failures of ten pumps, catches of traps.

A count says little without its exposure: the time, the people or the area in which it was counted.
Each table has it, in a column of its own. The first two are published, and stand here as they were
printed; the third is simulated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["lip_cancer", "pumps", "traps"]

# District; cases; expected cases; per cent of the workforce in agriculture, fishing and forestry.
_LIP_CANCER = """
Skye-Lochalsh 9 1.4 16 | Banff-Buchan 39 8.7 16 | Caithness 11 3.0 10 | Berwickshire 9 2.5 24
Ross-Cromarty 15 4.3 10 | Orkney 8 2.4 24 | Moray 26 8.1 10 | Shetland 7 2.3 7
Lochaber 6 2.0 7 | Gordon 20 6.6 16 | Western Isles 13 4.4 7 | Sutherland 5 1.8 16
Nairn 3 1.1 10 | Wigtown 8 3.3 24 | NE Fife 17 7.8 7 | Kincardine 9 4.6 16
Badenoch 2 1.1 10 | Ettrick 7 4.2 7 | Inverness 9 5.5 7 | Roxburgh 7 4.4 10
Angus 16 10.5 7 | Aberdeen 31 22.7 16 | Argyll-Bute 11 8.8 10 | Clydesdale 7 5.6 7
Kirkcaldy 19 15.5 1 | Dunfermline 15 12.5 1 | Nithsdale 7 6.0 7 | East Lothian 10 9.0 7
Perth-Kinross 16 14.4 10 | West Lothian 11 10.2 10 | Cumnock-Doon 5 4.8 7 | Stewartry 3 2.9 24
Midlothian 7 7.0 10 | Stirling 8 8.5 7 | Kyle-Carrick 11 12.3 7 | Inverclyde 9 10.1 0
Cunninghame 11 12.7 10 | Monklands 8 9.4 1 | Dumbarton 6 7.2 16 | Clydebank 4 5.3 0
Renfrew 10 18.8 1 | Falkirk 8 15.8 16 | Clackmannan 2 4.3 16 | Motherwell 6 14.6 0
Edinburgh 19 50.7 1 | Kilmarnock 3 8.2 7 | East Kilbride 2 5.6 1 | Hamilton 3 9.3 1
Glasgow 28 88.7 0 | Dundee 6 19.6 1 | Cumbernauld 1 3.4 1 | Bearsden 1 3.6 0
Eastwood 1 5.7 1 | Strathkelvin 1 7.0 1 | Tweeddale 0 4.2 16 | Annandale 0 1.8 10
"""


def lip_cancer() -> pd.DataFrame:
    """Return the cases of lip cancer among men in the 56 districts of Scotland, 1975 to 1980.

    Returns
    -------
    pandas.DataFrame
        Columns: `district`; `cases`, the number of men who fell ill; `expected`, the number there would
        have been if the district's men, age by age, had fallen ill at the rate of all Scotland;
        `outdoor`, the percentage of its workforce in agriculture, fishing and forestry.

    Notes
    -----
    From the *Atlas of Cancer in Scotland 1975-1980* (Kemp, Boyle, Smans and Muir, IARC Scientific
    Publications 72, 1985), as printed by Clayton and Kaldor in Biometrics 43, 671-681 (1987).
    """
    rows = [entry.rsplit(maxsplit=3) for entry in _LIP_CANCER.strip().replace("\n", "|").split("|")]
    frame = pd.DataFrame(rows, columns=["district", "cases", "expected", "outdoor"])
    frame["district"] = frame["district"].str.strip()
    return frame.astype({"cases": int, "expected": float, "outdoor": float})


def pumps() -> pd.DataFrame:
    """Return the failures of ten pumps of a nuclear power plant.

    Returns
    -------
    pandas.DataFrame
        Columns: `pump`, 1 to 10; `failures`; `hours`, the time of operation in thousands of hours, to three digits.

    Notes
    -----
    From Gaver and O'Muircheartaigh, Technometrics 29, 1-15 (1987).
    """
    hours = [94.3, 15.7, 62.9, 126.0, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5]
    failures = [5, 1, 5, 14, 3, 19, 1, 1, 4, 22]
    return pd.DataFrame({"pump": range(1, 11), "failures": failures, "hours": hours})


def traps() -> pd.DataFrame:
    """Return two simulated sets of catches, one of which has false zeros.

    Sixty traps stand out for 1 to 40 nights, and catch 0.28 animals a night on average. In `a` the traps
    differ in how good they are; in `b` they are all alike, but three in ten were never opened.

    Returns
    -------
    pandas.DataFrame
        Columns: `nights`, and the catches `a` and `b`.
    """
    rng = np.random.RandomState(8)
    nights = np.tile([1, 2, 5, 10, 20, 40], 10)
    differing = rng.poisson(rng.gamma(0.9, 0.4 * 0.7 / 0.9, 60) * nights)
    closed = np.where(rng.uniform(size=60) < 0.3, 0, rng.poisson(0.4 * nights))
    return pd.DataFrame({"nights": nights, "a": differing, "b": closed})
