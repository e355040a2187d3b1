"""The data of the course: published data sets, and simulations whose law is written out here.

Published data are read from the CSV files in `companion/data` (`PROVENANCE.md` there says where
each file comes from and under which license). Simulated data are generated when you ask for them,
so their law is code that you can read.

The simulations use `numpy.random.RandomState`, which NumPy calls legacy. For new work, prefer
`numpy.random.default_rng`. Data are an exception: NumPy has frozen the streams of `RandomState`,
so these numbers stay the same in every later version. `noisy_line` and `dose_response` must use
`default_rng`, as their source does; NumPy could change its streams, and the tests would say so.

Every function returns a new `DataFrame`, indexed from 0: change it as you like, the next call is
not affected.

* Published, from a file: `tips`, `penguins`, `concrete`, `radon`, `anscombe`.
* Published, in the code: `eight_schools`.
* Simulated, the same numbers as in their sources: `hospitals`, `climate`, `empanadas`,
  `food_sales`, `salad_sales`, `noisy_line`, `dose_response`.
* Simulated, in place of data that we may not ship: `babies`, `gravity`.
* Simulated, a distribution: `neals_funnel`.
"""

from __future__ import annotations

from numbers import Integral, Real
from pathlib import Path

from companion.inputs import flag
import numpy as np
import pandas as pd

__all__ = [
    "anscombe",
    "babies",
    "climate",
    "concrete",
    "dose_response",
    "eight_schools",
    "empanadas",
    "food_sales",
    "gravity",
    "hospitals",
    "mystery_chains",
    "neals_funnel",
    "noisy_line",
    "penguins",
    "radon",
    "salad_sales",
    "salad_truth",
    "tips",
]

_DATA = Path(__file__).with_name("data")

# One seed for each simulation of our own. The book's simulations all use the seed 0.
_BOOK_SEED = 0
_FOOD_SEED = 0
_SALAD_SEED = 1
_BABIES_SEED = 2
_GRAVITY_SEED = 3


# --- Helpers --------------------------------------------------------------------------------------


def _check_whole(name: str, value: object, lowest: int, highest: int | None = None) -> None:
    """Raise `ValueError` unless `value` is a whole number between `lowest` and `highest`."""
    whole = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if whole is None or whole < lowest or (highest is not None and whole > highest):
        limits = f"{lowest} or more" if highest is None else f"from {lowest} to {highest}"
        raise ValueError(f"{name} must be a whole number, {limits}, but {value!r} was given.")


def _check_finite(name: str, value: object) -> None:
    """Raise `ValueError` unless `value` is a finite number."""
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else None
    if number is None or not np.isfinite(number):
        raise ValueError(f"{name} must be a finite number, but {value!r} was given.")


def _read(name: str) -> pd.DataFrame:
    """Read one of the files in `companion/data`."""
    return pd.read_csv(_DATA / f"{name}.csv")


def _spawned_streams(seed: int, count: int) -> list[np.random.RandomState]:
    """Return `count` random streams that are independent of each other."""
    children = np.random.SeedSequence(seed).spawn(count)
    return [np.random.RandomState(np.random.MT19937(child)) for child in children]


def _streams(seed: int, count: int, independent: bool) -> list[np.random.RandomState]:
    """Return `count` streams: independent, or the book's single stream restarted for each."""
    if independent:
        return _spawned_streams(seed, count)
    return [np.random.RandomState(_BOOK_SEED) for _ in range(count)]


# --- Published data -------------------------------------------------------------------------------


def tips() -> pd.DataFrame:
    """Return the tips that one waiter recorded in a restaurant.

    Returns
    -------
    pandas.DataFrame
        244 rows, one per party, and 7 columns:

        * ``total_bill``: the bill, in US dollars;
        * ``tip``: the tip, in US dollars;
        * ``sex``: who paid, ``"Female"`` or ``"Male"``;
        * ``smoker``: was there a smoker in the party, ``"Yes"`` or ``"No"``;
        * ``day``: ``"Thur"``, ``"Fri"``, ``"Sat"`` or ``"Sun"``;
        * ``time``: ``"Lunch"`` or ``"Dinner"``;
        * ``size``: number of people in the party.

    References
    ----------
    Bryant, P. G. and Smith, M. A. (1995). Practical Data Analysis: Case Studies in Business
    Statistics. Irwin.
    """
    return _read("tips")


def penguins(complete_cases: bool = False) -> pd.DataFrame:
    """Return body measurements of three species of penguin from the Palmer Archipelago.

    Parameters
    ----------
    complete_cases : bool, default False
        Leave out the 11 penguins of unknown sex. Two of them lack the four measurements as well.

    Returns
    -------
    pandas.DataFrame
        344 rows, one per penguin (333 if `complete_cases`), and 8 columns:

        * ``species``: ``"Adelie"``, ``"Chinstrap"`` or ``"Gentoo"``;
        * ``island``: ``"Biscoe"``, ``"Dream"`` or ``"Torgersen"``;
        * ``bill_length_mm``, ``bill_depth_mm``, ``flipper_length_mm``: in millimeters;
        * ``body_mass_g``: in grams;
        * ``sex``: ``"female"`` or ``"male"``;
        * ``year``: year of the study, 2007 to 2009.

    Raises
    ------
    TypeError
        If `complete_cases` is not a truth value.

    References
    ----------
    Gorman, K. B., Williams, T. D. and Fraser, W. R. (2014). Ecological sexual dimorphism and
    environmental variability within a community of Antarctic penguins (genus Pygoscelis).
    PLoS ONE 9(3): e90081.
    """
    flag("complete_cases", complete_cases)
    frame = _read("penguins")
    return frame.dropna(ignore_index=True) if complete_cases else frame


def concrete() -> pd.DataFrame:
    """Return the compressive strength of concrete mixtures of known composition and age.

    Returns
    -------
    pandas.DataFrame
        1030 rows, one per tested specimen, and 9 columns:

        * ``cement``, ``blast_furnace_slag``, ``fly_ash``, ``water``, ``superplasticizer``,
          ``coarse_aggregate``, ``fine_aggregate``: amounts in the mixture, in kilograms per cubic
          meter;
        * ``age``: age when tested, in days;
        * ``compressive_strength``: in megapascals.

    References
    ----------
    Yeh, I.-C. (1998). Modeling of strength of high-performance concrete using artificial neural
    networks. Cement and Concrete Research 28(12), 1797-1808.
    """
    return _read("concrete")


def radon() -> pd.DataFrame:
    """Return radon measured in houses in the 85 counties of Minnesota.

    Returns
    -------
    pandas.DataFrame
        919 rows, one per measurement, and 4 columns:

        * ``floor``: where the detector stood: 0 is the basement, 1 the first floor. A house
          measured on the first floor may still have a basement;
        * ``county``: name of the county, in capitals;
        * ``log_radon``: natural logarithm of the radon activity, in log picocuries per liter;
        * ``log_uranium``: natural logarithm of the uranium in the soil, in log parts per million:
          one value per county.

    Notes
    -----
    Before the logarithm, 0.1 was added to the activity, so the three houses with no measurable
    radon have ``log_radon`` equal to log 0.1.

    References
    ----------
    Gelman, A. and Hill, J. (2007). Data Analysis Using Regression and Multilevel/Hierarchical
    Models. Cambridge University Press. Survey by the US Environmental Protection Agency.
    """
    return _read("radon")


def anscombe(dataset: int = 3) -> pd.DataFrame:
    """Return one of Anscombe's four data sets with the same summary statistics.

    Parameters
    ----------
    dataset : int, default 3
        Which of the four, 1 to 4. The third is a straight line with one outlier.

    Returns
    -------
    pandas.DataFrame
        11 rows and 2 columns, ``x`` and ``y``, without units.

    Raises
    ------
    ValueError
        If `dataset` is not 1, 2, 3 or 4.

    References
    ----------
    Anscombe, F. J. (1973). Graphs in statistical analysis. The American Statistician 27(1), 17-21.
    """
    _check_whole("dataset", dataset, 1, 4)
    frame = _read("anscombe")
    return pd.DataFrame({"x": frame[f"x{dataset}"], "y": frame[f"y{dataset}"]})


def eight_schools() -> pd.DataFrame:
    """Return the estimated effects of coaching for a test in eight schools.

    Returns
    -------
    pandas.DataFrame
        8 rows and 3 columns:

        * ``school``: ``"A"`` to ``"H"``;
        * ``effect``: estimated gain from coaching, in points of the test (SAT, verbal part);
        * ``standard_error``: standard error of ``effect``, in points.

    References
    ----------
    Rubin, D. B. (1981). Estimation in parallel randomized experiments. Journal of Educational
    Statistics 6(4), 377-401.
    """
    return pd.DataFrame(
        {
            "school": list("ABCDEFGH"),
            "effect": [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16],
            "standard_error": [14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6],
        }
    )


def hospitals() -> pd.DataFrame:
    """Return estimated effects of a drug in twelve simulated hospitals.

    The true effects are Normal(8.5, 2.5) mmHg. The estimate of a hospital with n patients has the
    standard error 15 / sqrt(n) mmHg. Both come from one stream, the effects first.

    Returns
    -------
    pandas.DataFrame
        12 rows and 5 columns:

        * ``hospital``: ``"A"`` to ``"L"``;
        * ``patients``: number of patients;
        * ``effect``: estimated reduction of blood pressure, in mmHg;
        * ``standard_error``: standard error of ``effect``, in mmHg;
        * ``true_effect``: the effect that the estimate was drawn around, in mmHg.
    """
    stream = np.random.default_rng(42)
    patients = np.array([450, 320, 180, 520, 90, 250, 380, 60, 200, 410, 150, 75])
    true_effect = stream.normal(8.5, 2.5, size=12)
    standard_error = 15.0 / np.sqrt(patients)
    return pd.DataFrame(
        {
            "hospital": list("ABCDEFGHIJKL"),
            "patients": patients,
            "effect": stream.normal(true_effect, standard_error),
            "standard_error": standard_error,
            "true_effect": true_effect,
        }
    )


def climate(autocorrelation: float = 0.0) -> pd.DataFrame:
    """Return simulated monthly temperature anomalies of eight regions.

    The true trends are Normal(0.20, 0.05) degrees Celsius per decade. A month scatters around its
    region's trend with a standard deviation of 0.8 degrees.

    Parameters
    ----------
    autocorrelation : float, default 0
        Correlation of a month's scatter with that of the month before, between -1 and 1: the scatter
        is a stationary autoregression of order one. At 0, all months are independent, and the numbers
        are those of the source.

    Returns
    -------
    pandas.DataFrame
        4560 rows, one per month, regions one after the other, and 5 columns:

        * ``region``: name of the region;
        * ``years``: length of its record, in years;
        * ``decade``: time since the start of the record, in decades;
        * ``anomaly``: temperature anomaly, in degrees Celsius;
        * ``true_trend``: the trend that the anomalies were drawn around, in degrees per decade.

    Raises
    ------
    ValueError
        If `autocorrelation` is not between -1 and 1.

    Notes
    -----
    One stream: the eight trends first, then the shocks of each region in turn. Every value of
    `autocorrelation` uses the same shocks.
    """
    _check_finite("autocorrelation", autocorrelation)
    if not -1.0 < autocorrelation < 1.0:
        raise ValueError(
            f"autocorrelation must lie between -1 and 1, but {autocorrelation!r} was given."
        )
    stream = np.random.default_rng(42)
    records = {
        "Northeast": 65,
        "Southeast": 50,
        "Midwest": 70,
        "Southwest": 40,
        "Northwest": 30,
        "Central": 55,
        "Coastal": 45,
        "Mountain": 25,
    }
    trends = stream.normal(0.20, 0.05, size=len(records))
    parts = []
    for (name, years), trend in zip(records.items(), trends, strict=True):
        decade = np.arange(12 * years) / 120.0
        scatter = stream.normal(0.0, 0.8, size=12 * years)
        fresh = np.sqrt(1.0 - autocorrelation**2)
        for month in range(1, 12 * years):
            scatter[month] = autocorrelation * scatter[month - 1] + fresh * scatter[month]
        part = {"region": name, "years": years, "decade": decade}
        parts.append(
            pd.DataFrame(part | {"anomaly": trend * decade + scatter, "true_trend": trend})
        )
    return pd.concat(parts, ignore_index=True)


# --- Restaurants: simulated, the same numbers as the book -----------------------------------------


def _restaurant_days(
    stream: np.random.RandomState, days: int, spending_mean: float, spending_sd: float
) -> pd.DataFrame:
    """Simulate the customers and the sales of a restaurant, in the order of the days.

    A day has from 31 to 100 customers, each number equally likely. Each customer spends
    Normal(`spending_mean`, `spending_sd`), so the sales of a day with n customers are
    Normal(n `spending_mean`, sqrt(n) `spending_sd`), here rounded to single precision.

    One stream serves all days. It must not be restarted in the loop: the stream also remembers one
    normal draw that it has made in advance.
    """
    customers = np.empty(days, dtype=np.int64)
    sales = np.empty(days, dtype=np.float32)
    for i in range(days):
        customers[i] = 1 + stream.randint(30, 100)
        spending = spending_mean + spending_sd * stream.standard_normal(customers[i])
        sales[i] = spending.sum()
    return pd.DataFrame(
        {"customers": customers, "sales": sales.astype(np.float64), "day": np.arange(1, days + 1)}
    )


def _by_customers(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by customers, and days with the same number of customers by day."""
    return frame.sort_values(["customers", "day"], ignore_index=True)


def empanadas() -> pd.DataFrame:
    """Simulate 200 days of sales of empanadas, five of which are far too high.

    Returns
    -------
    pandas.DataFrame
        200 rows, one per day, sorted by customers and then by day, and 4 columns:

        * ``customers``: number of customers (int), 32 to 100;
        * ``sales``: sales of the day, in Argentine pesos (float);
        * ``day``: number of the day in the simulation (int), 1 to 200;
        * ``outlier``: is this one of the five false days (bool)?

    Notes
    -----
    An ordinary day has from 31 to 100 customers, and each spends Normal(180, 30) pesos. Sales are
    rounded to single precision and returned as float64.

    Then the five days with the fewest customers are overwritten with sales from 90,000 to 99,000
    pesos, which no ordinary day could reach. They keep the ``day`` that they overwrite.

    Which days are the five? Days 4 and 193 have 31 customers, but four days have 32: 13, 85, 146
    and 153. The book leaves the choice to an unstable sort, so it can differ between computers.
    Here the rule is fixed: sort by customers, and ties by day. Days 4, 193, 13, 85 and 146 are
    overwritten, in this order, and day 153 survives.

    References
    ----------
    Martin, O. A., Kumar, R. and Lao, J. (2021). Bayesian Modeling and Computation in Python.
    CRC Press. Chapter 4.
    """
    stream = np.random.RandomState(_BOOK_SEED)
    frame = _by_customers(_restaurant_days(stream, days=200, spending_mean=180.0, spending_sd=30.0))
    frame["outlier"] = frame.index < 5
    frame.loc[frame["outlier"], "customers"] = [50, 60, 70, 80, 90]
    frame.loc[frame["outlier"], "sales"] = [92_000.0, 90_000.0, 96_000.0, 91_000.0, 99_000.0]
    return _by_customers(frame)


# Category: days, mean and standard deviation of what one customer spends, in dollars.
_FOOD = {"Pizza": (365, 13.0, 5.0), "Sandwich": (100, 6.0, 5.0), "Salad": (3, 8.0, 3.0)}


def food_sales(independent: bool = False) -> pd.DataFrame:
    """Simulate the daily sales of pizza, sandwiches and salad.

    Parameters
    ----------
    independent : bool, default False
        If False, reproduce the book's numbers, in which the categories share their noise (see
        Notes). If True, use the same law with an independent random stream for each category.

    Returns
    -------
    pandas.DataFrame
        468 rows, one per category and day, and 4 columns. The categories come in the order pizza
        (365 days), sandwich (100) and salad (3), each sorted by customers and then by day:

        * ``category``: ``"Pizza"``, ``"Sandwich"`` or ``"Salad"``;
        * ``customers``: number of customers (int), 31 to 100;
        * ``sales``: sales of the day, in dollars (float);
        * ``day``: number of the day in the simulation of this category (int), from 1.

    Raises
    ------
    TypeError
        If `independent` is not a truth value.

    Notes
    -----
    A day has from 31 to 100 customers. Each spends Normal(13, 5) dollars on pizza, Normal(6, 5) on
    sandwiches or Normal(8, 3) on salad. So, given n customers, the standard deviation of the sales
    grows as sqrt(n). Sales are rounded to single precision and returned as float64.

    The book restarts the same random stream for every category. Day 1 then has 75 customers in all
    three, and the same luck: up to rounding, (sales - n mean) / sd is **identical** on the same day
    of two categories. The groups are deterministic transforms of each other, and a model that takes
    them for unrelated takes copies for evidence. Ask for ``independent=True`` when that matters.

    References
    ----------
    Martin, O. A., Kumar, R. and Lao, J. (2021). Bayesian Modeling and Computation in Python.
    CRC Press. Chapter 4.
    """
    flag("independent", independent)
    streams = _streams(_FOOD_SEED, len(_FOOD), independent)
    frames = []
    for stream, (category, law) in zip(streams, _FOOD.items(), strict=True):
        frame = _by_customers(_restaurant_days(stream, *law))
        frame.insert(0, "category", category)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


# Days and noise (standard deviation of the sales of a day, in dollars) of the six locations.
_SALAD_DAYS = (6, 4, 15, 10, 3, 5)
_SALAD_NOISE_SD = (50.0, 10.0, 20.0, 80.0, 30.0, 20.0)
_SALAD_SLOPE_MEAN, _SALAD_SLOPE_SD = 5.0, 0.2


def _simulate_salad(independent: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sales of the six locations, and what they were simulated from."""
    sales, truth = [], []
    streams = _streams(_SALAD_SEED, len(_SALAD_DAYS), independent)
    laws = zip(streams, _SALAD_DAYS, _SALAD_NOISE_SD, strict=True)
    for location, (stream, days, noise_sd) in enumerate(laws):
        # The order of the three draws is part of the data.
        customers = stream.randint(30, 100, size=days).astype(np.int64)
        slope = _SALAD_SLOPE_MEAN + _SALAD_SLOPE_SD * stream.standard_normal()
        noise = noise_sd * stream.standard_normal(days)
        sales.append(
            pd.DataFrame(
                {"location": location, "customers": customers, "sales": slope * customers + noise}
            )
        )
        truth.append({"location": location, "days": days, "slope": slope, "noise_sd": noise_sd})
    return pd.concat(sales, ignore_index=True), pd.DataFrame(truth)


def salad_sales(independent: bool = False) -> pd.DataFrame:
    """Simulate the daily sales of salad at six locations, some of them with very few days.

    Parameters
    ----------
    independent : bool, default False
        If False, reproduce the book's numbers, in which the locations share their customers (see
        Notes). If True, use the same law with an independent random stream for each location.

    Returns
    -------
    pandas.DataFrame
        43 rows, one per location and day, in the order in which they were drawn, and 3 columns:

        * ``location``: 0 to 5, with 6, 4, 15, 10, 3 and 5 rows (int);
        * ``customers``: number of customers (int), 30 to 99;
        * ``sales``: sales of the day, in dollars (float).

    Raises
    ------
    TypeError
        If `independent` is not a truth value.

    See Also
    --------
    salad_truth : The slope and the noise of each location.

    Notes
    -----
    Location i draws a slope, dollars per customer, from Normal(5, 0.2). A day with n customers,
    each number from 30 to 99 equally likely, then has sales Normal(slope n, s), where the noise s
    of the location is the same on every day.

    The book restarts the same random stream at every location. All locations then have the same
    customers on their first days (74, 77, 94, ...), and parts of their noise are copies, too: they
    are not independent draws.

    References
    ----------
    Martin, O. A., Kumar, R. and Lao, J. (2021). Bayesian Modeling and Computation in Python.
    CRC Press. Chapter 4.
    """
    flag("independent", independent)
    return _simulate_salad(independent)[0]


def salad_truth(independent: bool = False) -> pd.DataFrame:
    """Return what the sales of salad at the six locations were simulated from.

    Parameters
    ----------
    independent : bool, default False
        The value that was given to `salad_sales`: the slopes differ.

    Returns
    -------
    pandas.DataFrame
        6 rows and 4 columns:

        * ``location``: 0 to 5 (int);
        * ``days``: rows in `salad_sales` (int);
        * ``slope``: true slope, in dollars per customer, itself drawn from Normal(5, 0.2);
        * ``noise_sd``: standard deviation of the sales around the line, in dollars.

    Raises
    ------
    TypeError
        If `independent` is not a truth value.

    See Also
    --------
    salad_sales : The data, with their source.
    """
    flag("independent", independent)
    return _simulate_salad(independent)[1]


# --- First models ---------------------------------------------------------------------------------

# The source starts both examples from the same seed, so they share their first normal deviates.
_FIRST_SEED = 42


def noisy_line() -> pd.DataFrame:
    """Simulate a straight line with Normal noise: the practice data of a first regression.

    Returns
    -------
    pandas.DataFrame
        100 rows and 2 columns, both floats without units:

        * ``x``: the predictor, drawn from Normal(0, 1);
        * ``y``: 2.5 + 1.8 x plus noise from Normal(0, 0.8). The second argument is a standard
          deviation.

    Notes
    -----
    All x come from the stream first, then all noise.
    """
    rng = np.random.default_rng(_FIRST_SEED)
    x = rng.normal(0.0, 1.0, size=100)
    return pd.DataFrame({"x": x, "y": 2.5 + 1.8 * x + rng.normal(0.0, 0.8, size=100)})


def dose_response() -> pd.DataFrame:
    """Simulate a trial in which patients of different ages get different doses of a drug.

    Returns
    -------
    pandas.DataFrame
        200 rows, one per patient, and 3 columns:

        * ``age``: in years (float), drawn from Normal(55, 12);
        * ``dose``: in milligrams (float), drawn from Normal(100, 30);
        * ``responded``: did the patient respond to the treatment (bool)?

    Notes
    -----
    The log-odds of a response are -3 + 0.04 per year + 0.015 per milligram, so the average patient
    responds with a probability of about 0.67. The stream gives all ages first, then all doses, then
    all responses. It starts like that of `noisy_line`: the first 100 ages are 55 + 12 x.
    """
    rng = np.random.default_rng(_FIRST_SEED)
    age = rng.normal(55.0, 12.0, size=200)
    dose = rng.normal(100.0, 30.0, size=200)
    log_odds = -3.0 + 0.04 * age + 0.015 * dose
    responded = rng.binomial(1, 1.0 / (1.0 + np.exp(-log_odds))) == 1
    return pd.DataFrame({"age": age, "dose": dose, "responded": responded})


# --- Simulated in place of data that the course may not ship --------------------------------------

# Age in months, number of babies, mean and standard deviation of their length in centimeters.
_BABIES = np.array(
    [
        (0, 48, 49.4583, 1.8243),
        (1, 33, 54.1212, 2.0465),
        (2, 52, 57.2692, 2.1339),
        (3, 25, 59.7000, 1.9094),
        (4, 33, 62.0606, 2.5488),
        (5, 15, 64.6333, 1.6847),
        (6, 31, 65.5484, 2.2522),
        (7, 49, 67.2653, 2.5168),
        (8, 42, 68.8095, 2.6777),
        (9, 45, 70.8333, 2.4749),
        (10, 23, 70.9130, 2.1514),
        (11, 14, 72.9643, 2.8519),
        (12, 23, 74.4565, 2.5491),
        (13, 43, 75.2209, 2.6011),
        (14, 32, 76.5469, 3.2462),
        (15, 31, 78.2903, 2.7470),
        (16, 46, 79.5435, 2.9736),
        (17, 11, 79.7727, 1.9920),
        (18, 11, 81.7273, 2.5235),
        (19, 35, 82.1571, 3.3558),
        (20, 15, 82.7000, 3.4424),
        (21, 41, 84.5732, 3.3570),
        (22, 30, 85.0000, 4.0043),
        (23, 16, 85.9062, 3.1739),
        (24, 56, 86.7589, 3.0256),
    ]
)


def babies() -> pd.DataFrame:
    """Simulate the lengths of 800 babies up to two years old: a twin of data we may not ship.

    Returns
    -------
    pandas.DataFrame
        800 rows, one per baby, sorted by month, and 2 columns:

        * ``month``: age in completed months (int), 0 to 24;
        * ``length``: length in centimeters (float), a multiple of 0.5.

    Notes
    -----
    **These are simulated babies.** The file of real measurements that the book uses comes without
    permission to pass it on, so it is not part of this course. What we kept of it is 25 facts: for
    each month, how many babies there are, and the mean and the standard deviation of their
    lengths. The twin has exactly that many babies in each month. Their lengths are independent
    normal draws with that mean and that standard deviation, rounded to half a centimeter, as the
    real ones are.

    The means follow the table and not a smooth curve, on purpose: a curve would hide that newborns
    are shorter than it says. Results agree with those of the book up to the sampling error of 800
    babies. What the table does not tell, such as skewness or extreme babies, is normal here and
    need not have been so in the real data.

    References
    ----------
    Martin, O. A., Kumar, R. and Lao, J. (2021). Bayesian Modeling and Computation in Python.
    CRC Press. Chapter 4.
    """
    (stream,) = _spawned_streams(_BABIES_SEED, 1)
    month, count, mean, sd = _BABIES.T
    count = count.astype(np.int64)
    exact = stream.normal(np.repeat(mean, count), np.repeat(sd, count))
    return pd.DataFrame(
        {"month": np.repeat(month.astype(np.int64), count), "length": np.round(2.0 * exact) / 2.0}
    )


# The answer to the exercise: gravity in m/s^2, and the noise of the sensor in m.
_GRAVITY = 6.0
_GRAVITY_NOISE_SD = 8.0


def gravity() -> pd.DataFrame:
    """Simulate a sensor that measures how far an object has fallen on an unknown planet.

    Returns
    -------
    pandas.DataFrame
        200 rows, one per measurement, and 2 columns:

        * ``time``: time since the object was dropped, in seconds: 0.1, 0.2, ..., 20.0;
        * ``distance``: measured distance below the point of release, in meters. The noise of the
          sensor can make it negative early in the fall.

    Notes
    -----
    A stand-in: the measurements for this exercise (4H16) were never published with the book. The
    object starts at rest at time 0 and falls without air resistance, and the noise of the sensor is
    normal, with the same standard deviation at all times. How strong gravity is, and how large the
    noise, is for you to find out. The answer is in the source, just above this function.

    References
    ----------
    Martin, O. A., Kumar, R. and Lao, J. (2021). Bayesian Modeling and Computation in Python.
    CRC Press. Chapter 4.
    """
    (stream,) = _spawned_streams(_GRAVITY_SEED, 1)
    time = np.arange(1, 201) / 10.0
    noise = _GRAVITY_NOISE_SD * stream.standard_normal(time.size)
    return pd.DataFrame({"time": time, "distance": 0.5 * _GRAVITY * time**2 + noise})


# --- A distribution that samplers find hard -------------------------------------------------------


def neals_funnel(
    draws: int = 10_000,
    log_scale_mean: float = 2.0,
    log_scale_sd: float = 3.0,
    divisor: float = 4.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw independently from a funnel: a normal variable whose scale is another variable.

    The law is y ~ Normal(`log_scale_mean`, `log_scale_sd`) and
    x | y ~ Normal(0, exp(y / `divisor`)). The second argument is a standard deviation.

    Parameters
    ----------
    draws : int, default 10_000
        Number of pairs (x, y), 1 or more.
    log_scale_mean : float, default 2.0
        Mean of y.
    log_scale_sd : float, default 3.0
        Standard deviation of y, positive.
    divisor : float, default 4.0
        What y is divided by to give the logarithm of the scale of x. Not zero; the larger, the
        gentler the funnel.
    seed : int, default 0
        Seed of the random stream, 0 to 2**32 - 1.

    Returns
    -------
    pandas.DataFrame
        `draws` rows and 2 columns, ``x`` and ``y``, without units.

    Raises
    ------
    ValueError
        If an argument is outside its range, or not a number, or if exp(y / `divisor`) overflows.

    Notes
    -----
    The defaults are the gentle funnel of the book. Neal's own is ``log_scale_mean=0, divisor=2``.
    All draws of y come from the stream first, then all draws of x.

    References
    ----------
    Neal, R. M. (2003). Slice sampling. The Annals of Statistics 31(3), 705-767.
    """
    _check_whole("draws", draws, 1)
    _check_finite("log_scale_mean", log_scale_mean)
    _check_finite("log_scale_sd", log_scale_sd)
    if log_scale_sd <= 0:
        raise ValueError(f"log_scale_sd must be positive, but {log_scale_sd!r} was given.")
    _check_finite("divisor", divisor)
    if divisor == 0:
        raise ValueError(f"divisor must not be zero, but {divisor!r} was given.")
    _check_whole("seed", seed, 0, 2**32 - 1)

    stream = np.random.RandomState(seed)
    y = log_scale_mean + log_scale_sd * stream.standard_normal(draws)
    with np.errstate(over="ignore"):
        scale = np.exp(y / divisor)
    if not np.isfinite(scale).all():
        raise ValueError(
            f"divisor must be further from zero, but {divisor!r} was given: exp(y / divisor) "
            "is too large for a number."
        )
    x = scale * stream.standard_normal(draws)
    return pd.DataFrame({"x": x, "y": y})


def mystery_chains() -> dict[str, np.ndarray]:
    """Return four runs, each of four chains with 1000 draws, for exercise D4E2.

    Returns
    -------
    dict of str to numpy.ndarray, shape (4, 1000)
        Runs `"first"` to `"fourth"`.
    """
    rng = np.random.default_rng(430)
    noise = rng.standard_normal((4, 4, 1000))
    trend = np.linspace(-1.5, 1.5, 1000)
    width = np.array([1.0, 1.0, 0.25, 1.0])[:, None]
    level = np.array([0.0, 0.0, 0.0, 1.5])[:, None]
    return {
        "first": noise[0] * width,
        "second": noise[1] + trend,
        "third": noise[2],
        "fourth": noise[3] + level,
    }
