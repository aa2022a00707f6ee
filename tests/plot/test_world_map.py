"""The map: projection, places and what is left out."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from graphmodel import plot
from graphmodel.plot.places import country_names, country_points, outline, robinson
from graphmodel.plot.world_map import LARGEST_CIRCLE


def test_the_projection_keeps_the_equator_and_the_middle_meridian_straight():
    x, y = robinson(np.array([-30.0, 11.0, 60.0]), np.zeros(3))
    assert y.tolist() == [0, 0, 0]
    assert x[1] == 0
    assert np.all(np.diff(x) > 0)


def test_north_and_south_mirror_each_other():
    north, south = (robinson(np.array([50.0]), np.array([side * 37.5])) for side in (1, -1))
    assert north[0] == south[0]
    assert north[1] == -south[1]


def test_land_is_never_torn_across_the_map():
    for ring in outline():
        x, _ = robinson(ring[:, 0], ring[:, 1], whole=True)
        assert np.abs(np.diff(x)).max() < 0.8
        assert np.abs(x).max() < 2.75


def test_countries_have_names_and_points_and_regions_only_names():
    names, points = country_names(), country_points()
    assert names["COD"] == "DR Congo"
    assert names["ROW"] == "Rest of world"
    assert "ROW" not in points.index
    assert points["lon"].between(-180, 180).all()


def test_nodes_stand_at_their_coordinates(toy):
    table = plot.map_table(toy, mineral="lithium").set_index("id")
    assert table.loc["mine-a", ["lat", "lon"]].tolist() == [-23, -68]
    assert table.loc["mine-b", "quantity"] == 600


def test_a_node_without_coordinates_stands_in_its_country(toy):
    bare = toy.with_tables(nodes=toy.nodes.drop(columns=["lat", "lon"]))
    table = plot.map_table(bare, mineral="lithium").set_index("id")
    assert table.loc["mine-a", "lat"] == country_points().loc["CHL", "lat"]


def test_flows_inside_a_country_are_no_arcs(toy):
    table = plot.map_table(toy, mineral="lithium").query("what == 'flow'")
    assert (table["country"] != table["target"]).all()
    assert table["quantity"].tolist() == [600, 600, 500, 400, 100]


def test_the_map_draws_as_many_circles_and_arcs_as_its_table(toy):
    ax = plot.world_map(toy, n_flows=3)
    circles = ax.collections[1].get_offsets()
    assert len(circles) == toy.n_nodes
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == 3


def test_the_area_of_a_circle_is_its_tonnage(toy):
    table = plot.map_table(toy, mineral="lithium")
    sizes = plot.draw_map(table, toy.stages).collections[1].get_sizes()
    tonnes = table.query("what == 'node'")["quantity"].to_numpy()
    assert (sizes - 1.5) / LARGEST_CIRCLE == pytest.approx(tonnes / tonnes.max())


def test_regions_have_no_place_and_the_map_says_so(real):
    ax = plot.world_map(real)
    assert any("have no place" in text.get_text() for text in ax.texts)
