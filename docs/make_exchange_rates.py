"""Write datasets/projects/exchange_rates.csv from the daily reference rates of the European Central Bank.

``python docs/make_exchange_rates.py eurofxref-hist.csv``; one row a banking day, units of each currency for one euro.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).parent.parent / "datasets" / "projects" / "exchange_rates.csv"
CURRENCIES = ("AUD", "CAD", "CZK", "EUR", "GBP", "JPY", "KRW", "PLN")
FIRST = 2018
"""First year in which a backing states an amount in another currency than dollars."""
REFERENCE = "ecb-2026-reference-rates"


def rates(daily: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each year of what one unit was worth in dollars on each banking day."""
    day = pd.to_datetime(daily["Date"])
    daily = daily.assign(EUR=1.0)[day.dt.year >= FIRST]
    dollars = daily[list(CURRENCIES)].astype(float).rdiv(daily["USD"].astype(float), axis=0)
    mean = dollars.groupby(day.dt.year).mean().melt(var_name="currency", value_name="usd", ignore_index=False)
    table = mean.rename_axis("year").reset_index()[["currency", "year", "usd"]]
    open_year = table["year"] == day.dt.year.max() if day.max().month < 12 else False
    until = f"January to {day.max():%B}"
    table = table.assign(note="", reference=REFERENCE, evidence="derived")
    return table.assign(note=table["note"].mask(open_year, until)).sort_values(["currency", "year"])


if __name__ == "__main__":
    made = rates(pd.read_csv(sys.argv[1], na_values=["N/A"]))
    made.assign(usd=made["usd"].map("{:.6g}".format)).to_csv(TARGET, index=False, lineterminator="\n")
