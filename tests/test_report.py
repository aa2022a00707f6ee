"""The report page: self-contained, escaped, complete, repeatable."""

import re
from pathlib import Path

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import DataPackageError
from graphmodel.report import write_report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    write_report(gm.load("toy-battery"), out, mineral="lithium", data="toy-battery")
    return out


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    out = tmp_path_factory.mktemp("real")
    write_report(gm.load("minerals-2024"), out, mineral="cobalt", data="minerals-2024")
    return out


def test_the_page_loads_nothing_from_outside_and_runs_no_script(real):
    page = (real / "report.html").read_text()
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert "url(" not in page


def test_the_headline_says_who_and_how_much(real):
    lead = re.search(r'class="lead">(.*?)</p>', (real / "report.html").read_text()).group(1)
    assert lead.startswith("Without")
    assert "sparse reconstruction" in lead
    assert "%" in lead


def test_ends_that_agree_are_one_number(folder):
    page = (folder / "report.html").read_text()
    assert "the world loses 100 % of the lithium in final products even if any path left is enough; 100 %" in page
    assert "Buying elsewhere saves nothing of any mineral." in page
    assert "100 % is lost, against 60.0 % without the worse of the two alone" in page


def test_the_page_says_what_rerouting_could_save(real):
    page = (real / "report.html").read_text()
    overview = pd.read_csv(real / "tables" / "overview.csv").set_index("mineral")
    assert "Buying elsewhere could save most of" in page
    cobalt = overview.loc["cobalt"]
    assert cobalt["reroute_share"] < cobalt["adapt_share"] < cobalt["frozen_share"]
    lead = re.search(r'class="lead">(.*?)</p>', page).group(1)
    assert f"{100 * cobalt['reroute_share']:.1f} % remain lost" in lead


def test_the_page_says_how_soon_and_what_two_and_more_stops_do(real):
    page = (real / "report.html").read_text()
    failing = pd.read_csv(real / "tables" / "first_failure.csv")
    assert f"after {failing['day'].iloc[0]:.0f} days" in page
    pair = pd.read_csv(real / "tables" / "pairs_of_countries.csv").iloc[0]
    assert f"together: {100 * pair['loss_share']:.1f} % is lost" in page
    assert "Countries are removed one after another" in page


def test_the_page_says_what_centralities_miss(real):
    assert "betweenness of exactly 0" in (real / "report.html").read_text()


def test_every_figure_comes_in_four_files(real):
    names = {path.stem for path in (real / "figures").glob("*.svg")}
    assert {"flow_diagram", "world_map", "chokepoints", "closure", "diversification"} <= names
    assert {"responses", "pairs", "loss_over_weeks", "first_failure", "percolation"} <= names
    for name in names:
        for ending in ("pdf", "png", "csv"):
            assert (real / "figures" / f"{name}.{ending}").stat().st_size > 0


def test_tables_of_losses_closure_and_projects_lie_beside_the_page(real):
    names = {path.stem for path in (real / "tables").glob("*.csv")}
    assert {"closure", "basis", "large_estimates", "losses_by_plant", "projects_change", "references"} <= names
    assert {"chokepoints_by_plant", "chokepoints_by_industry", "chokepoints_by_control"} <= names
    assert {"losses_without_CHN_refining_cobalt", "losses_without_COD_mining_cobalt", "overview"} <= names


def test_the_toy_gets_a_page_without_the_parts_it_has_no_data_for(folder):
    page = (folder / "report.html").read_text()
    assert "toy" in page.lower()
    assert "What alliance projects change" not in page


def test_two_reports_are_the_same_to_the_byte(folder, tmp_path):
    write_report(gm.load("toy-battery"), tmp_path, mineral="lithium", data="toy-battery")
    for path in sorted(folder.rglob("*.*")):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes(), path.name


def test_no_path_of_this_machine_stands_in_the_page(folder, tmp_path):
    page = (folder / "report.html").read_text()
    assert str(tmp_path.parent) not in page
    assert str(Path(gm.__file__).parents[1]) not in page
    assert "graphmodel report toy-battery --mineral lithium" in page


def test_markup_in_a_name_is_text_in_the_page(tmp_path):
    toy = gm.load("toy-battery")
    nodes = toy.nodes
    nodes.loc[nodes["node_id"] == "refine-a", "name"] = "<script>alert(1)</script>"
    write_report(toy.with_tables(nodes=nodes), tmp_path, mineral="lithium")
    page = (tmp_path / "report.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(DataPackageError, match="is a file"):
        write_report(gm.load("toy-battery"), tmp_path / "report", mineral="lithium")
    assert (tmp_path / "report").read_text() == "mine"


def test_the_readme_says_of_the_projects_what_the_page_says(real):
    page = (real / "report.html").read_text()
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    assert "29 listed projects" in page
    assert "twenty-nine\nlisted alliance projects" in readme
    for what in ("of refining", "at every stage only"):
        before, after = re.search(rf"{what} from ([0-9.]+) % to ([0-9.]+) %", page).groups()
        assert f"from {before} % to {after} %" in readme


def test_one_countrys_page_counts_only_its_demand(toy, tmp_path):
    write_report(toy, tmp_path, mineral="lithium", consumer="USA")
    page = (tmp_path / "report.html").read_text()
    assert "counting final demand in United States" in page
    assert "United States loses" in page
    assert "from whoever has capacity to spare, and United States is served first" in page
    assert "best for the whole world, not for those whose demand counts" in page
    assert "--mineral lithium --consumer USA" in page
    worst = pd.read_csv(tmp_path / "tables" / "chokepoints_by_industry.csv").set_index("removed")["loss"]
    expected = gm.removal(toy, by="industry", mineral="lithium", consumer="USA").table.set_index("removed")["loss"]
    assert worst.to_dict() == pytest.approx(expected.to_dict())
