"""Write the governance, price and trade-parameter tables of datasets/reference from a folder of the publishers' files.

``python docs/make_reference.py FOLDER``; FOLDER holds ``wgi``, ``prices`` and ``eu_crm_2023`` as CSV files.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent.parent / "datasets" / "reference"
POUND = 0.45359237
"""Kilograms in a pound."""

PRICES = [
    # mineral, form, words of the USGS row, kilograms of the element in one printed unit, why
    ("aluminium", "ingot", "Price, ingot, average U.S. market", 100 * POUND, "cents per pound"),
    ("antimony", "metal", "Price, metal, average, dollars per pound", POUND, "dollars per pound"),
    ("bismuth", "metal", "Price, average, dollars per pound", POUND, "dollars per pound"),
    ("cobalt", "metal, LME", "London Metal Exchange (LME), cash", POUND, "dollars per pound"),
    ("copper", "cathode, LME", "London Metal Exchange, grade A, cash", 100 * POUND, "cents per pound"),
    ("gallium", "metal, US imports", "Price, average unit value of imports, dollars per kilogram", 1, "per kilogram"),
    ("germanium", "metal", "Germanium metal", 1, "dollars per kilogram"),
    ("indium", "metal, Rotterdam", "Rotterdam, duties unpaid", 1, "dollars per kilogram"),
    ("lead", "metal, North America", "Price, average, North American", 100 * POUND, "cents per pound"),
    ("lithium", "carbonate", "battery-grade lithium carbonate", 187.9, "per tonne of carbonate with 18.79 % lithium"),
    ("manganese", "ore, China", "manganese content", 10, "per metric ton unit of 10 kg of manganese"),
    ("natural-graphite", "flake", "at foreign ports: Flake", 950, "per tonne of flake with 95 % carbon"),
    ("nickel", "metal, LME", "Dollars per metric ton", 1000, "dollars per tonne"),
    ("silicon", "metal", "Silicon metal", 100 * POUND, "cents per pound"),
    ("tellurium", "metal, Europe", "Europe", 1, "dollars per kilogram"),
    ("tin", "metal, LME", "London Metal Exchange (LME), cash", 100 * POUND, "cents per pound"),
    ("tungsten", "concentrate", "tungsten trioxide", 7.93, "per metric ton unit of WO3 with 7.93 kg of tungsten"),
    ("zinc", "metal, LME", "London Metal Exchange (LME), cash", 100 * POUND, "cents per pound"),
]

CHAPTERS = {
    "aluminium": "Aluminum", "natural-graphite": "Graphite (Natural)",
}  # fmt: skip

MATERIALS = {
    "Aluminium": "aluminium", "Antimony": "antimony", "Bismuth": "bismuth", "Cobalt": "cobalt", "Copper": "copper",
    "Fluorspar": "fluorine", "Gallium": "gallium", "Germanium": "germanium", "Indium": "indium", "Lead": "lead",
    "Lithium": "lithium", "Manganese": "manganese", "Natural Graphite": "natural-graphite", "Nickel": "nickel",
    "Phosphate Rock": "phosphorus", "Silicon metal": "silicon", "Tellurium": "tellurium", "Tin": "tin",
    "Tungsten": "tungsten", "Zinc": "zinc",
}  # fmt: skip

COUNTRIES = {
    "Argentina": "ARG", "Bolivia": "BOL", "China": "CHN", "Congo, D.R.": "COD", "Guinea": "GIN", "India": "IND",
    "Indonesia": "IDN", "Mongolia": "MNG", "Russia": "RUS", "Rwanda": "RWA", "Vietnam": "VNM", "Zambia": "ZMB",
}  # fmt: skip

STAGES = {"E": "mining", "P": "refining"}


def read(path: Path) -> pd.DataFrame:
    """Read a file as text; NA is Namibia."""
    return pd.read_csv(path, keep_default_na=False, dtype=str)


def governance(folder: Path) -> pd.DataFrame:
    """Political stability in 2024, and the mean of all six indicators in the last year there is."""
    stability = read(folder / "wgi" / "wgi_political_stability_1996_2024.csv").query("year == '2024'")
    six = read(folder / "wgi" / "wgi_mean_of_six_latest.csv")
    known = set(read(HERE / "countries.csv")["country"])
    parts = [
        pd.DataFrame({"country": stability["iso3"], "indicator": "political_stability", "score": stability["pv_estimate"],
                      "year": "2024", "reference": "wgi-2025", "evidence": "reported"}),
        pd.DataFrame({"country": six["iso3"], "indicator": "mean_of_six", "score": six.iloc[:, 1], "year": "",
                      "reference": "wgi-2025", "evidence": "derived"}),
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table = table[table["country"].isin(known) & ~table["score"].isin(["", "NA", "nan"])]
    return table.drop_duplicates().sort_values(["indicator", "country"])


def prices(folder: Path) -> pd.DataFrame:
    """Prices of 2024 in dollars per kilogram of the element."""
    printed = read(folder / "prices" / "usgs_mcs2026_prices_2021_2025.csv").query("year == '2024'")
    rows = []
    for mineral, form, words, kilograms, why in PRICES:
        chapter = CHAPTERS.get(mineral, mineral.capitalize())
        found = printed[
            (printed["commodity"] == chapter) & printed["statistics_detail"].str.contains(words, regex=False)
        ]
        number = float(found["value_num"].iloc[0])
        rows.append((mineral, form, f"{number / kilograms:.6g}", 2024, f"{number:g} {why}",
                     "usgs-mcs-2026", "derived"))  # fmt: skip
    columns = ["mineral", "form", "price", "year", "note", "reference", "evidence"]
    return pd.DataFrame(rows, columns=columns)


def trade_parameters(folder: Path) -> pd.DataFrame:
    """Trade parameters other than 1 of countries outside the EU, as the study of 2023 prints them."""
    shares = read(folder / "eu_crm_2023" / "global_supply_shares.csv")
    shares = shares.assign(
        parameter=pd.to_numeric(shares["trade_parameter_t"]), mineral=shares["material"].map(MATERIALS)
    )
    chosen = shares[(shares["parameter"] > 1) & shares["mineral"].notna()]
    table = pd.DataFrame({"mineral": chosen["mineral"], "stage": chosen["stage"].map(STAGES),
                          "country": chosen["country"].map(COUNTRIES), "parameter": chosen["parameter"]})  # fmt: skip
    table = table.assign(reference="eu-crm-2023", evidence="reported")
    return table.sort_values(["mineral", "stage", "country"])


if __name__ == "__main__":
    source = Path(sys.argv[1])
    for name, make in {"governance": governance, "prices": prices, "trade_parameters": trade_parameters}.items():
        make(source).to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
