"""Tests of `companion.datasets`: what is expected was computed by another implementation."""

import hashlib
from pathlib import Path
import re
import subprocess
import sys

from companion import datasets
import numpy as np
from numpy.testing import assert_allclose
import pandas as pd
import pytest
from scipy import stats

DATA = Path(datasets.__file__).with_name("data")
FILES = ["tips", "penguins", "concrete", "radon", "anscombe"]
SHAPES = {
    "anscombe": (11, 2),
    "babies": (800, 2),
    "concrete": (1030, 9),
    "dose_response": (200, 3),
    "eight_schools": (8, 3),
    "empanadas": (200, 4),
    "food_sales": (468, 4),
    "gravity": (200, 2),
    "hospitals": (12, 5),
    "climate": (4560, 5),
    "neals_funnel": (10_000, 2),
    "noisy_line": (100, 2),
    "penguins": (344, 8),
    "radon": (919, 4),
    "salad_sales": (43, 3),
    "salad_truth": (6, 4),
    "tips": (244, 7),
}


# --- Every data set -------------------------------------------------------------------------------


def test_every_public_function_is_listed_with_its_shape():
    assert sorted([*SHAPES, "mystery_chains"]) == datasets.__all__


def test_the_mystery_chains_are_four_runs_of_four_chains():
    runs = datasets.mystery_chains()
    assert list(runs) == ["first", "second", "third", "fourth"]
    assert all(run.shape == (4, 1000) for run in runs.values())
    # A narrow chain, a trend, nothing, and a chain that is somewhere else.
    width, level = (
        {name: by(run, axis=1) for name, run in runs.items()} for by in (np.std, np.mean)
    )
    np.testing.assert_allclose(width["first"], [1.0, 1.0, 0.25, 1.0], rtol=0.1)
    np.testing.assert_allclose(width["second"], np.sqrt(1.0 + 3.0**2 / 12.0), rtol=0.1)
    np.testing.assert_allclose(width["third"], 1.0, rtol=0.1)
    np.testing.assert_allclose(level["fourth"], [0.0, 0.0, 0.0, 1.5], atol=0.15)
    for name in ("first", "second", "third"):
        np.testing.assert_allclose(level[name], 0.0, atol=0.15)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_shape_and_index(name):
    frame = getattr(datasets, name)()
    assert frame.shape == SHAPES[name]
    assert list(frame.index) == list(range(len(frame)))


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_each_call_returns_a_fresh_and_equal_frame(name):
    load = getattr(datasets, name)
    first, kept = load(), load()
    first.iloc[:, :] = first.iloc[::-1].to_numpy()
    assert not first.equals(kept)
    del first[first.columns[0]]
    pd.testing.assert_frame_equal(load(), kept)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_data_do_not_use_numpys_global_stream(name, monkeypatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("the global stream was used")

    for function in ["seed", "randint", "normal", "standard_normal"]:
        monkeypatch.setattr(np.random, function, forbidden)
    getattr(datasets, name)()


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_docstring_names_every_column(name):
    load = getattr(datasets, name)
    missing = [column for column in load().columns if f"``{column}``" not in load.__doc__]
    assert not missing


def test_importing_datasets_does_not_load_pymc_or_jax():
    code = "import sys, companion.datasets; print({'pymc', 'jax', 'arviz'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


# --- Published data -------------------------------------------------------------------------------


def test_files_are_the_ones_that_provenance_describes():
    provenance = (DATA / "PROVENANCE.md").read_text(encoding="utf-8")
    listed = {
        name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (\S+)$", provenance, re.M)
    }
    found = {
        path.name: hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()
        for path in DATA.glob("*.csv")
    }
    assert listed == found
    assert sorted(found) == sorted(f"{name}.csv" for name in FILES)


def test_provenance_gives_the_row_count_of_every_file():
    provenance = (DATA / "PROVENANCE.md").read_text(encoding="utf-8")
    listed = {
        name: int(rows)
        for name, rows in re.findall(r"^\| `(\w+)\.csv` \| (\d+) \|", provenance, re.M)
    }
    assert listed == {name: SHAPES[name][0] for name in FILES}


def test_tips():
    tips = datasets.tips()
    columns = ["total_bill", "tip", "sex", "smoker", "day", "time", "size"]
    assert list(tips.columns) == columns
    assert_allclose(tips["total_bill"].agg(["mean", "std"]), [19.7859, 8.9024], atol=5e-5)
    assert_allclose(tips["tip"].agg(["mean", "std"]), [2.9983, 1.3836], atol=5e-5)
    assert_allclose(tips["total_bill"].agg(["min", "max"]), [3.07, 50.81])
    assert_allclose(tips["tip"].agg(["min", "max"]), [1.0, 10.0])
    assert tips["sex"].value_counts().to_dict() == {"Male": 157, "Female": 87}
    assert tips["smoker"].value_counts().to_dict() == {"No": 151, "Yes": 93}
    assert tips["day"].value_counts().to_dict() == {"Sat": 87, "Sun": 76, "Thur": 62, "Fri": 19}
    assert tips["time"].value_counts().to_dict() == {"Dinner": 176, "Lunch": 68}
    assert (tips["size"].min(), tips["size"].max()) == (1, 6)
    by_smoker = tips.groupby("smoker")[["total_bill", "tip"]].agg(["mean", "std"])
    assert_allclose(by_smoker.loc["No"], [19.188, 8.256, 2.992, 1.377], atol=6e-4)
    assert_allclose(by_smoker.loc["Yes"], [20.756, 9.832, 3.009, 1.402], atol=6e-4)


def test_penguins():
    penguins = datasets.penguins()
    measurements = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert list(penguins.columns) == ["species", "island", *measurements, "sex", "year"]
    assert penguins.isna().sum().to_dict() == {
        "species": 0,
        "island": 0,
        **dict.fromkeys(measurements, 2),
        "sex": 11,
        "year": 0,
    }
    assert_allclose(penguins["body_mass_g"].agg(["mean", "std"]), [4201.754, 801.955], atol=6e-4)
    assert_allclose(
        penguins["flipper_length_mm"].agg(["mean", "std"]), [200.915, 14.062], atol=6e-4
    )
    by_species = penguins.groupby("species")[["body_mass_g", "flipper_length_mm"]].mean()
    assert_allclose(by_species["body_mass_g"], [3700.66, 3733.09, 5076.02], atol=6e-3)
    assert_allclose(by_species["flipper_length_mm"], [189.954, 195.824, 217.187], atol=6e-4)


def test_complete_penguins():
    penguins = datasets.penguins(complete_cases=True)
    assert penguins.notna().all(axis=None)
    assert list(penguins.index) == list(range(333))
    mass = penguins.groupby("species")["body_mass_g"].agg(["size", "mean", "std"])
    assert mass["size"].to_dict() == {"Adelie": 146, "Chinstrap": 68, "Gentoo": 119}
    assert_allclose(mass["mean"], [3706.16, 3733.09, 5092.44], atol=6e-3)
    assert_allclose(mass["std"], [458.62, 384.34, 501.48], atol=6e-3)


def test_concrete():
    concrete = datasets.concrete()
    assert concrete.duplicated().sum() == 25
    assert concrete.drop(columns="age").notna().all(axis=None)
    summary = concrete[["compressive_strength", "cement", "water"]].agg(
        ["mean", "std", "min", "max"]
    )
    assert_allclose(summary["compressive_strength"], [35.818, 16.706, 2.33, 82.60], atol=6e-4)
    assert_allclose(summary["cement"], [281.168, 104.506, 102.0, 540.0], atol=6e-4)
    assert_allclose(summary["water"], [181.567, 21.354, 121.8, 247.0], atol=5.1e-2)
    correlation = concrete[["compressive_strength", "cement", "water"]].corr().to_numpy()
    assert_allclose(correlation[np.triu_indices(3, 1)], [0.498, -0.290, -0.082], atol=6e-4)
    assert (concrete["age"].min(), concrete["age"].max()) == (1, 365)


def test_radon():
    radon = datasets.radon()
    assert list(radon.columns) == ["floor", "county", "log_radon", "log_uranium"]
    assert radon["floor"].value_counts().to_dict() == {0: 766, 1: 153}
    expected = [1.2648, 0.8194, np.log(0.1), 3.877]
    assert_allclose(radon["log_radon"].agg(["mean", "std", "min", "max"]), expected, atol=6e-4)
    assert np.isclose(radon["log_radon"], np.log(0.1)).sum() == 3
    by_floor = radon.groupby("floor")["log_radon"].agg(["mean", "std"])
    assert_allclose(by_floor, [[1.3624, 0.752], [0.7760, 0.959]], atol=6e-4)
    houses = radon["county"].value_counts()
    assert len(houses) == 85
    assert houses.head(4).to_dict() == {"STLOUIS": 116, "HENNEPIN": 105, "DAKOTA": 63, "ANOKA": 52}
    assert (houses.median(), (houses == 1).sum(), (houses <= 2).sum()) == (5, 3, 11)
    assert (houses < 5).sum() == 39
    by_county = radon.groupby("county")
    assert (by_county["log_uranium"].nunique() == 1).all()
    assert (by_county["floor"].nunique() == 1).sum() == 25
    uranium = np.exp(radon["log_uranium"])
    assert_allclose([uranium.min(), uranium.max()], [0.414, 1.696], atol=6e-4)


def test_anscombe_default_is_the_third_with_its_outlier():
    third = datasets.anscombe()
    assert list(third["x"]) == [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    assert list(third["y"]) == [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73]
    assert_allclose(np.polyfit(third["x"], third["y"], 1), [0.4997, 3.0025], atol=6e-5)
    rest = third[third["x"] != 13]
    line = np.polyfit(rest["x"], rest["y"], 1)
    assert_allclose(line, [0.3454, 4.0056], atol=6e-5)
    assert np.abs(rest["y"] - np.polyval(line, rest["x"])).max() <= 0.0062


@pytest.mark.parametrize(
    ("dataset", "first", "last"),
    [(1, (10, 8.04), (5, 5.68)), (2, (10, 9.14), (5, 4.74)), (4, (8, 6.58), (8, 6.89))],
)
def test_anscombe_other_sets(dataset, first, last):
    frame = datasets.anscombe(dataset)
    assert list(frame.columns) == ["x", "y"]
    assert tuple(frame.iloc[0]) == first
    assert tuple(frame.iloc[-1]) == last
    assert_allclose(np.polyfit(frame["x"], frame["y"], 1), [0.5, 3.0], atol=3e-3)


@pytest.mark.parametrize("dataset", [0, 5, -1, True, 2.5, 3.0, "3", None])
def test_anscombe_rejects_other_numbers(dataset):
    message = f"dataset must be a whole number, from 1 to 4, but {dataset!r} was given"
    with pytest.raises(ValueError, match=re.escape(message)):
        datasets.anscombe(dataset)


def test_eight_schools():
    schools = datasets.eight_schools()
    assert list(schools["school"]) == ["A", "B", "C", "D", "E", "F", "G", "H"]
    weight = 1 / schools["standard_error"] ** 2
    pooled = (weight * schools["effect"]).sum() / weight.sum()
    assert_allclose([schools["effect"].sum(), schools["standard_error"].sum()], [70.56, 101.2])
    assert_allclose([pooled, weight.sum() ** -0.5], [7.8705, 4.1656], atol=6e-5)
    assert tuple(schools.iloc[0]) == ("A", 28.39, 14.9)
    assert tuple(schools.iloc[2]) == ("C", -2.75, 16.3)
    assert tuple(schools.iloc[7]) == ("H", 12.16, 17.6)


def test_climate():
    climate = datasets.climate()
    regions = climate.groupby("region", sort=False)
    assert (regions.size() == 12 * regions["years"].first()).all()
    trends = regions["true_trend"].first()
    # The source starts the same stream for the hospitals: the trends are the same eight z-scores.
    z = (datasets.hospitals()["true_effect"][:8] - 8.5) / 2.5
    assert_allclose((trends - 0.20) / 0.05, z)
    slopes = regions[["decade", "anomaly"]].apply(
        lambda r: np.polyfit(r["decade"], r["anomaly"], 1)[0]
    )
    published_program = [0.2114, 0.1537, 0.2418, 0.2509, 0.1244, 0.1433, 0.2522, 0.2031]
    assert_allclose(slopes, published_program, atol=5e-5)


def test_climate_with_memory():
    climate = datasets.climate(autocorrelation=0.6)
    scatter = climate["anomaly"] - climate["true_trend"] * climate["decade"]
    assert scatter.std() == pytest.approx(0.8, abs=0.05)
    start = climate["decade"] == 0.0
    before = scatter.shift()[~start]
    assert scatter[~start].corr(before) == pytest.approx(0.6, abs=0.04)
    plain = datasets.climate()
    assert_allclose(climate["anomaly"][start], plain["anomaly"][start])
    for wrong in (1.0, -1.5, float("nan")):
        with pytest.raises(ValueError, match="autocorrelation"):
            datasets.climate(autocorrelation=wrong)


def test_hospitals():
    hospitals = datasets.hospitals()
    assert "".join(hospitals["hospital"]) == "ABCDEFGHIJKL"
    assert hospitals["patients"].agg(["min", "max", "sum"]).tolist() == [60, 520, 3085]
    assert_allclose(hospitals["standard_error"] ** 2 * hospitals["patients"], 225.0)
    z = (hospitals["true_effect"] - 8.5) / 2.5
    published = [0.305, -1.040, 0.750, 0.941, -1.951, -1.302, 0.128, -0.316]
    assert_allclose(z.head(8), published, atol=6e-4)
    noise = (hospitals["effect"] - hospitals["true_effect"]) / hospitals["standard_error"]
    assert 1e-3 < stats.chi2(12).cdf((noise**2).sum()) < 1 - 1e-3


def test_noisy_line():
    line = datasets.noisy_line()
    assert_allclose(line.head(2), [[0.304717, 2.745961], [-1.039984, 1.667411]], atol=6e-7)
    assert_allclose(line.mean(), [-0.050270, 2.401009], atol=6e-7)
    assert_allclose(line.std(ddof=0), [0.772784, 1.657646], atol=6e-7)
    noise = line["y"] - 2.5 - 1.8 * line["x"]
    assert stats.kstest(noise / 0.8, "norm").pvalue > 1e-3


def test_dose_response():
    trial = datasets.dose_response()
    assert trial["responded"].dtype == bool
    assert trial["responded"].sum() == 127
    assert trial["responded"].head(10).to_list() == [bool(int(digit)) for digit in "1010011000"]
    assert_allclose(trial.loc[0, ["age", "dose"]].astype(float), [58.656605, 110.127236], atol=6e-7)
    assert_allclose(trial[["age", "dose"]].mean(), [54.634591, 100.602328], atol=6e-7)
    assert_allclose(trial[["age", "dose"]].std(ddof=0), [10.556704, 30.508588], atol=6e-7)


def test_first_examples_share_the_start_of_their_streams():
    age, x = datasets.dose_response()["age"], datasets.noisy_line()["x"]
    assert_allclose(age.head(100), 55.0 + 12.0 * x)


# --- Empanadas ------------------------------------------------------------------------------------


def test_empanadas_columns_and_order():
    empanadas = datasets.empanadas()
    assert empanadas.dtypes.astype(str).to_dict() == {
        "customers": "int64",
        "sales": "float64",
        "day": "int64",
        "outlier": "bool",
    }
    assert sorted(empanadas["day"]) == list(range(1, 201))
    in_order = empanadas.sort_values(["customers", "day"], ignore_index=True)
    pd.testing.assert_frame_equal(empanadas, in_order)


def test_empanadas_sums():
    empanadas = datasets.empanadas()
    assert empanadas["customers"].sum() == 13579
    assert_allclose(empanadas["sales"].sum(), 2848099.627930, atol=1e-6, rtol=0)
    assert (empanadas["customers"].min(), empanadas["customers"].max()) == (32, 100)


def test_empanadas_days():
    day = datasets.empanadas().set_index("day")
    assert list(day.loc[[1, 2, 3, 200], "customers"]) == [75, 42, 66, 69]
    expected = [13789.376, 7516.257, 11809.01, 12319.784]
    assert_allclose(day.loc[[1, 2, 3, 200], "sales"], expected, atol=6e-4, rtol=0)


def test_empanadas_first_and_last_rows():
    empanadas = datasets.empanadas()
    assert list(empanadas["day"].head(5)) == [153, 28, 29, 120, 177]
    assert list(empanadas["customers"].head(5)) == [32, 33, 33, 33, 33]
    expected = np.float32([5866.7827, 5736.0513, 5984.8970, 5941.0571, 6126.4825])
    assert list(empanadas["sales"].head(5)) == list(expected)
    last = empanadas.iloc[-1]
    assert (last["customers"], last["day"], last["outlier"]) == (100, 133, False)
    assert last["sales"] == np.float32(18478.8242)


def test_empanada_outliers_overwrite_the_days_of_the_stated_rule():
    empanadas = datasets.empanadas()
    outliers = empanadas[empanadas["outlier"]]
    assert list(outliers.itertuples(index=False, name=None)) == [
        (50, 92000.0, 4, True),
        (60, 90000.0, 193, True),
        (70, 96000.0, 13, True),
        (80, 91000.0, 85, True),
        (90, 99000.0, 146, True),
    ]
    assert empanadas.loc[~empanadas["outlier"], "sales"].max() < 19_000


def test_empanada_sales_are_single_precision_numbers():
    sales = datasets.empanadas()["sales"]
    assert (sales == sales.astype(np.float32)).all()
    assert (sales != sales.round(2)).any()


def test_empanada_slopes_through_the_origin():
    empanadas = datasets.empanadas()
    nominal = empanadas[~empanadas["outlier"]]
    assert_allclose(slope_and_sd(nominal)[0], 179.946, atol=6e-4)
    assert_allclose(slope_and_sd(empanadas)[0], 208.223, atol=6e-4)
    # One customer spends Normal(180, 30), so a day scatters by 30 times the root of its customers.
    noise = (nominal["sales"] - 180 * nominal["customers"]) / (30 * np.sqrt(nominal["customers"]))
    assert stats.kstest(noise, "norm").pvalue > 1e-3


# --- Food -----------------------------------------------------------------------------------------

FOOD = {"Pizza": (13, 5), "Sandwich": (6, 5), "Salad": (8, 3)}


def slope_and_sd(frame):
    """Least squares through the origin: the slope and the residual sd, with n - 1."""
    slope = (frame["customers"] * frame["sales"]).sum() / (frame["customers"] ** 2).sum()
    residual = frame["sales"] - slope * frame["customers"]
    return slope, np.sqrt((residual**2).sum() / (len(frame) - 1))


def luck(food, category):
    """Standardized noise of each day of one category."""
    mean, sd = FOOD[category]
    frame = food[food["category"] == category].set_index("day").sort_index()
    return (frame["sales"] - mean * frame["customers"]) / (sd * np.sqrt(frame["customers"]))


@pytest.mark.parametrize(
    ("category", "days", "customers", "sales", "slope", "sd"),
    [
        ("Pizza", 365, 24168, 314813.976654, 13.0243, 40.24),
        ("Sandwich", 100, 6684, 40751.661453, 6.1125, 36.09),
        ("Salad", 3, 183, 1481.464264, 8.1293, 18.85),
    ],
)
def test_food_category(category, days, customers, sales, slope, sd):
    food = datasets.food_sales()
    frame = food[food["category"] == category]
    assert sorted(frame["day"]) == list(range(1, days + 1))
    assert frame["customers"].sum() == customers
    assert_allclose(frame["sales"].sum(), sales, atol=1e-6, rtol=0)
    assert_allclose(slope_and_sd(frame)[0], slope, atol=6e-5)
    assert_allclose(slope_and_sd(frame)[1], sd, atol=6e-3)


@pytest.mark.parametrize(
    ("category", "days", "customers", "sales"),
    [
        ("Pizza", [1, 2, 3, 365], [75, 42, 66, 65], [1023.2293, 538.7095, 846.1683, 850.27545]),
        (
            "Sandwich",
            [1, 2, 3, 100],
            [75, 42, 66, 53],
            [498.22934, 244.70947, 384.16824, 359.07266],
        ),
        ("Salad", [1, 2, 3], [75, 42, 66], [628.9376, 331.6257, 520.90094]),
    ],
)
def test_food_days(category, days, customers, sales):
    food = datasets.food_sales()
    day = food[food["category"] == category].set_index("day").loc[days]
    assert list(day["customers"]) == customers
    assert_allclose(day["sales"], sales, atol=6e-5, rtol=0)


def test_food_as_a_whole():
    food = datasets.food_sales()
    assert list(food.columns) == ["category", "customers", "sales", "day"]
    assert list(food["category"].unique()) == ["Pizza", "Sandwich", "Salad"]
    assert food["customers"].sum() == 31035
    assert_allclose(food["sales"].sum(), 357047.102371, atol=1e-6, rtol=0)
    assert_allclose(slope_and_sd(food), [11.4979, 202.33], rtol=3e-5)
    assert tuple(food.iloc[0][["category", "customers", "day"]]) == ("Pizza", 31, 4)
    assert_allclose(food["sales"].iloc[0], 401.147736, atol=1e-6, rtol=0)
    assert list(food["customers"].tail(3)) == [42, 66, 75]
    assert_allclose(food["sales"].tail(3), [331.625702, 520.900940, 628.937622], atol=1e-6, rtol=0)
    assert (food["sales"] == food["sales"].astype(np.float32)).all()


@pytest.mark.parametrize("independent", [False, True])
def test_food_is_sorted_by_customers_and_day_within_a_category(independent):
    for _, frame in datasets.food_sales(independent).groupby("category"):
        assert list(frame.index) == list(frame.sort_values(["customers", "day"]).index)


def test_food_categories_of_the_book_are_copies_of_each_other():
    food = datasets.food_sales()
    customers = food.pivot(index="day", columns="category", values="customers").loc[1:100]
    assert (customers["Pizza"] == customers["Sandwich"]).all()
    pizza, sandwich, salad = (luck(food, category) for category in FOOD)
    assert_allclose(pizza.loc[1:100], sandwich, atol=1e-5)
    assert_allclose(pizza.loc[1:3], salad, atol=1e-5)
    assert np.corrcoef(pizza.loc[1:100], sandwich)[0, 1] == pytest.approx(1.0, abs=1e-9)


def test_food_categories_are_independent_on_request():
    food = datasets.food_sales(independent=True)
    assert food.groupby("category").size().to_dict() == {"Pizza": 365, "Salad": 3, "Sandwich": 100}
    customers = food.pivot(index="day", columns="category", values="customers")
    # Equal numbers of customers are a coincidence, with probability 1/70 on each of 100 days.
    assert (customers["Pizza"] == customers["Sandwich"]).sum() < 10
    assert not (customers.loc[1:3, "Pizza"] == customers.loc[1:3, "Salad"]).all()
    # The standard error of the correlation of 100 independent pairs is 0.1.
    pizza, sandwich = luck(food, "Pizza").loc[1:100], luck(food, "Sandwich")
    assert abs(np.corrcoef(pizza, sandwich)[0, 1]) < 0.4
    assert (
        abs(np.corrcoef(customers.loc[1:100, "Pizza"], customers.loc[1:100, "Sandwich"])[0, 1])
        < 0.4
    )


@pytest.mark.parametrize("independent", [False, True])
@pytest.mark.parametrize("category", ["Pizza", "Sandwich"])
def test_food_follows_its_law(independent, category):
    food = datasets.food_sales(independent)
    customers = food.loc[food["category"] == category, "customers"]
    assert customers.between(31, 100).all()
    assert stats.kstest(customers, stats.randint(31, 101).cdf).pvalue > 1e-3
    assert stats.kstest(luck(food, category), "norm").pvalue > 1e-3


# --- Salad at six locations -----------------------------------------------------------------------

SALAD_SALES = [
    [424.953052, 348.526483, 436.605760, 448.753399, 369.324295, 179.522205],
    [371.779131, 371.867974, 486.532849, 483.460730],
    [
        *[383.242662, 421.717075, 474.241464, 499.872301, 476.529032, 147.402337, 272.599777],
        *[353.147719, 198.885151, 493.207085, 454.346088, 352.040483, 383.003044, 371.603352],
        309.269671,
    ],
    [
        *[382.393257, 211.951829, 459.426319, 473.828383, 589.331343, 103.398715, 383.917420],
        *[341.807801, 308.640338, 471.755636],
    ],
    [451.712118, 456.099305, 459.081938],
    [396.290395, 360.362278, 459.635277, 491.082252, 490.036745],
]


@pytest.mark.parametrize("location", range(6))
def test_salad_sales_of_one_location(location):
    salad = datasets.salad_sales()
    sales = salad.loc[salad["location"] == location, "sales"]
    assert_allclose(sales, SALAD_SALES[location], atol=5.1e-7, rtol=0)


def test_salad_sales_as_a_whole():
    salad = datasets.salad_sales()
    assert list(salad.columns) == ["location", "customers", "sales"]
    assert list(salad["location"]) == sorted(salad["location"])
    assert salad["customers"].sum() == 3316
    assert_allclose(salad["sales"].sum(), 16803.184466, atol=1e-6, rtol=0)
    summary = salad["sales"].agg(["mean", "std", "min", "max"])
    assert_allclose(summary, [390.7717, 103.9038, 103.3987, 589.3313], atol=6e-5, rtol=0)
    slopes = [slope_and_sd(frame)[0] for _, frame in salad.groupby("location")]
    expected = [4.575626, 5.017716, 5.150978, 5.111386, 5.518504, 5.003908]
    assert_allclose(slopes, expected, atol=1e-6, rtol=0)


def test_salad_truth():
    truth = datasets.salad_truth()
    assert list(truth.columns) == ["location", "days", "slope", "noise_sd"]
    assert list(truth["location"]) == [0, 1, 2, 3, 4, 5]
    assert list(truth["days"]) == [6, 4, 15, 10, 3, 5]
    assert list(truth["noise_sd"]) == [50, 10, 20, 80, 30, 20]
    expected = [4.715534831, 5.014171852, 5.088772647, 5.273093436, 5.195747597, 5.074051077]
    assert_allclose(truth["slope"], expected, atol=1e-9, rtol=0)


def customers_by_location(salad):
    return [list(frame["customers"]) for _, frame in salad.groupby("location")]


def test_salad_locations_of_the_book_share_their_customers():
    shared = [74, 77, 94, 97, 97, 39, 51, 66, 42, 88, 95, 69, 76, 67, 55]
    for customers in customers_by_location(datasets.salad_sales()):
        assert customers == shared[: len(customers)]


def test_salad_locations_are_independent_on_request():
    customers = customers_by_location(datasets.salad_sales(independent=True))
    assert len({tuple(days[:3]) for days in customers}) == 6
    assert datasets.salad_truth(independent=True)["slope"].nunique() == 6


@pytest.mark.parametrize("independent", [False, True])
def test_salad_truth_belongs_to_salad_sales(independent):
    salad, truth = datasets.salad_sales(independent), datasets.salad_truth(independent)
    assert list(salad.groupby("location").size()) == list(truth["days"])
    each = salad.merge(truth, on="location", validate="many_to_one")
    noise = (each["sales"] - each["slope"] * each["customers"]) / each["noise_sd"]
    assert salad["customers"].between(30, 99).all()
    assert stats.kstest(noise, "norm").pvalue > 1e-3
    assert (np.abs(truth["slope"] - 5.0) < 4 * 0.2).all()
    other = datasets.salad_truth(not independent)
    assert not np.isclose(truth["slope"], other["slope"]).any()


def test_independent_food_and_salad_do_not_share_a_stream():
    food, salad = datasets.food_sales(independent=True), datasets.salad_sales(independent=True)
    categories = [food[(food["category"] == name) & (food["day"] == 1)] for name in FOOD]
    # From the same stream, the first day of a category has one customer more than a location's.
    first_food = [int(day["customers"].iloc[0]) - 1 for day in categories]
    first_salad = [days[0] for days in customers_by_location(salad)]
    assert first_food != first_salad[:3]


@pytest.mark.parametrize("load", [datasets.food_sales, datasets.salad_sales, datasets.salad_truth])
@pytest.mark.parametrize("value", ["no", 1, None])
def test_independent_must_be_a_truth_value(load, value):
    message = f"independent must be True or False, but {value!r} was given"
    with pytest.raises(TypeError, match=message):
        load(independent=value)


@pytest.mark.parametrize("value", ["no", 0, None])
def test_complete_cases_must_be_a_truth_value(value):
    message = f"complete_cases must be True or False, but {value!r} was given"
    with pytest.raises(TypeError, match=message):
        datasets.penguins(complete_cases=value)


# --- Babies and gravity ---------------------------------------------------------------------------

BABY_COUNTS = [48, 33, 52, 25, 33, 15, 31, 49, 42, 45, 23, 14, 23, 43, 32, 31, 46, 11, 11]
BABY_COUNTS += [35, 15, 41, 30, 16, 56]
BABY_MEANS = [49.4583, 54.1212, 57.2692, 59.7000, 62.0606, 64.6333, 65.5484, 67.2653, 68.8095]
BABY_MEANS += [70.8333, 70.9130, 72.9643, 74.4565, 75.2209, 76.5469, 78.2903, 79.5435, 79.7727]
BABY_MEANS += [81.7273, 82.1571, 82.7000, 84.5732, 85.0000, 85.9062, 86.7589]
BABY_SDS = [1.8243, 2.0465, 2.1339, 1.9094, 2.5488, 1.6847, 2.2522, 2.5168, 2.6777, 2.4749]
BABY_SDS += [2.1514, 2.8519, 2.5491, 2.6011, 3.2462, 2.7470, 2.9736, 1.9920, 2.5235, 3.3558]
BABY_SDS += [3.4424, 3.3570, 4.0043, 3.1739, 3.0256]


def test_babies_have_the_months_of_the_table():
    babies = datasets.babies()
    assert list(babies.columns) == ["month", "length"]
    assert list(babies["month"]) == list(np.repeat(range(25), BABY_COUNTS))


def test_baby_lengths_are_half_centimeters():
    twice = 2 * datasets.babies()["length"]
    assert (twice == twice.round()).all()
    assert (twice % 2 == 1).mean() == pytest.approx(0.5, abs=0.1)


def test_babies_agree_with_the_table_month_by_month():
    length = datasets.babies().groupby("month")["length"]
    n, sd = np.array(BABY_COUNTS), np.array(BABY_SDS)
    z = (length.mean() - BABY_MEANS) / (sd / np.sqrt(n))
    assert np.abs(z).max() < 5
    chi2 = (n - 1) * length.var() / sd**2
    assert (stats.chi2(n - 1).cdf(chi2) > 1e-5).all()
    assert (stats.chi2(n - 1).sf(chi2) > 1e-5).all()
    # All months together are a sharper test, and a constant twin would fail it, too.
    assert 1e-3 < stats.chi2(25).cdf((z**2).sum()) < 1 - 1e-3
    assert 1e-3 < stats.chi2((n - 1).sum()).cdf(chi2.sum()) < 1 - 1e-3


def test_babies_keep_the_misfit_at_birth():
    babies = datasets.babies()
    root = np.sqrt(babies["month"])
    line = np.polyfit(root, babies["length"], 1)
    misfit = (babies["length"] - np.polyval(line, root))[babies["month"] == 0].mean()
    assert misfit == pytest.approx(2.75, abs=0.8)


def test_docstring_says_that_the_babies_are_simulated():
    assert "simulated babies" in datasets.babies.__doc__


def test_gravity_grid():
    gravity = datasets.gravity()
    assert list(gravity.columns) == ["time", "distance"]
    assert_allclose(gravity["time"], np.arange(1, 201) * 0.1, rtol=1e-14)
    assert (gravity["time"].iloc[[0, -1]] == [0.1, 20.0]).all()


def test_gravity_estimates_are_near_the_truth():
    t, distance = datasets.gravity().to_numpy().T
    g = 2 * (t**2 * distance).sum() / (t**4).sum()
    assert abs(g - 6.0) < 5 * 0.0063
    noise = (distance - 0.5 * 6.0 * t**2) / 8.0
    assert stats.kstest(noise, "norm").pvalue > 1e-3
    assert 1e-3 < stats.chi2(200).cdf((noise**2).sum()) < 1 - 1e-3


def test_gravity_docstring_does_not_give_the_answer_away():
    assert not re.search(r"\b(6|6\.0|8|8\.0)\b", datasets.gravity.__doc__)


# --- Neal's funnel --------------------------------------------------------------------------------


def test_funnel_numbers():
    funnel = datasets.neals_funnel()
    assert list(funnel.columns) == ["x", "y"]
    assert_allclose(funnel["y"].head(3), [7.29215704, 3.20047163, 4.93621395], atol=6e-9, rtol=0)
    assert_allclose(funnel["x"].head(3), [-1.25123474, -1.85460835, 5.95513458], atol=6e-9, rtol=0)
    assert_allclose(funnel["y"].sum(), 19446.988395, atol=1e-6, rtol=0)
    assert_allclose(funnel["x"].sum(), 34.524269, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("mean", "sd", "divisor"), [(2.0, 3.0, 4.0), (0.0, 3.0, 2.0), (1.0, 0.5, -3.0)]
)
def test_funnel_law(mean, sd, divisor):
    funnel = datasets.neals_funnel(20_000, mean, sd, divisor, seed=7)
    assert stats.kstest((funnel["y"] - mean) / sd, "norm").pvalue > 1e-3
    assert stats.kstest(funnel["x"] / np.exp(funnel["y"] / divisor), "norm").pvalue > 1e-3


def test_funnel_facts():
    x, y = datasets.neals_funnel(draws=100_000).to_numpy().T
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.0, abs=0.05)
    assert stats.spearmanr(np.abs(x), y).statistic == pytest.approx(0.59, abs=0.01)
    assert (y > 6).mean() == pytest.approx(0.091, abs=0.005)
    assert (y < -6).mean() == pytest.approx(0.0039, abs=0.001)


def test_funnel_seed_and_draws():
    assert len(datasets.neals_funnel(draws=1)) == 1
    assert len(datasets.neals_funnel(draws=np.int64(5), seed=np.uint32(2**32 - 1))) == 5
    assert not datasets.neals_funnel(seed=1).equals(datasets.neals_funnel(seed=0))


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        ("draws", 0, "a whole number, 1 or more"),
        ("draws", -3, "a whole number, 1 or more"),
        ("draws", 10.0, "a whole number, 1 or more"),
        ("draws", True, "a whole number, 1 or more"),
        ("draws", "10", "a whole number, 1 or more"),
        ("seed", -1, "a whole number, from 0 to 4294967295"),
        ("seed", 2**32, "a whole number, from 0 to 4294967295"),
        ("seed", None, "a whole number, from 0 to 4294967295"),
        ("log_scale_mean", np.nan, "a finite number"),
        ("log_scale_mean", "2", "a finite number"),
        ("log_scale_sd", np.inf, "a finite number"),
        ("log_scale_sd", True, "a finite number"),
        ("log_scale_sd", 0.0, "positive"),
        ("log_scale_sd", -3.0, "positive"),
        ("divisor", -np.inf, "a finite number"),
    ],
)
def test_funnel_rejects_bad_input(argument, value, expected):
    message = f"{argument} must be {expected}, but {value!r} was given"
    with pytest.raises(ValueError, match=re.escape(message)):
        datasets.neals_funnel(**{argument: value})


def test_funnel_rejects_a_divisor_of_zero_or_near_zero():
    with pytest.raises(ValueError, match=r"divisor must not be zero, but 0\.0 was given"):
        datasets.neals_funnel(divisor=0.0)
    with pytest.raises(
        ValueError, match=r"divisor must be further from zero, but 0\.001 was given"
    ):
        datasets.neals_funnel(divisor=0.001)
