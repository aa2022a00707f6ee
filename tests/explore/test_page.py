"""The page as a file: what is in it, what is not, and what it refuses."""

import hashlib
import html
import os
import re
import time
from base64 import b64encode

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.convert.folder import write_folder
from graphmodel.errors import DataPackageError, ParameterError, UnknownNameError
from graphmodel.explore import Page
from tests.conftest import network
from tests.explore.reading import content_of

EVIL = "</script><img src=x onerror=alert(1)>\"'&"


def grid(n, *, seed=0):
    """Mines, plants and users, n in all, each plant fed by four mines and each user by four plants."""
    rng = np.random.default_rng(seed)
    stage = np.repeat(["mining", "making", "use"], [n // 4, n // 4, n - 2 * (n // 4)])
    ids = np.array([f"n{i}" for i in range(n)])
    plants, users = np.flatnonzero(stage == "making"), np.flatnonzero(stage == "use")
    edges = [
        pd.DataFrame({"source": ids[rng.choice(sellers, 4 * len(buyers))], "target": np.repeat(ids[buyers], 4), "material": form})
        for sellers, buyers, form in ((np.flatnonzero(stage == "mining"), plants, "ore"), (plants, users, "metal"))
    ]  # fmt: skip
    edges = pd.concat(edges, ignore_index=True).drop_duplicates()
    quantity = np.round(rng.lognormal(3, 2, len(edges)), 3) + 0.001
    nodes = pd.DataFrame({"node_id": ids, "stage": stage, "country": rng.choice(["CHN", "COD", "USA"], n)})
    stages = pd.DataFrame(
        {"stage": ["mining", "making", "use"], "order": [1, 2, 3], "role": ["origin", "process", "sink"]}
    )
    return gm.Network(nodes, edges.assign(quantity=quantity), stages, name="grid")


def test_the_page_of_the_real_network_is_small_and_holds_all_of_it(real):
    page = real.explore()
    content = content_of(page)
    assert len(page.html) < 3e6
    assert len(content["nodes"]["id"]) == real.n_nodes
    assert len(content["edges"]["source"]) == real.n_edges
    keys = {key for keys in content["nodes"]["references"] for key in keys}
    assert len(keys) > 100
    assert keys <= set(content["references"])


def test_nothing_may_be_loaded_and_only_the_page_s_own_script_runs(toy):
    page = toy.explore().html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for tag in ("script", "style"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL).group(1)
        assert f"{tag}-src 'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert not re.findall(r"(?:src|href|url|action)\s*=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
    assert "@import" not in page
    assert "innerHTML" not in page
    assert "fetch(" not in page


def test_markup_in_a_name_stays_a_name(chain):
    nodes = chain.nodes.assign(name=EVIL, reference=EVIL)
    evil = chain.with_tables(nodes=nodes, name=EVIL)
    page = evil.explore()
    assert "<img" not in page.html
    assert page.html.count("</script>") == 2
    assert content_of(page)["nodes"]["name"] == [EVIL] * 3


def test_a_notebook_gets_the_page_in_a_frame_that_may_only_run_its_script(toy):
    shown = toy.explore()._repr_html_()
    frame = re.fullmatch(r'<iframe srcdoc="([^"]*)" sandbox="allow-scripts"[^>]*></iframe>', shown)
    assert html.unescape(frame.group(1)) == toy.explore().html


def test_the_same_network_gives_the_same_bytes(real, tmp_path):
    again = gm.load("minerals-2024")
    result = gm.removal(real, by="industry", mineral="cobalt")
    one = real.explore(result).save(tmp_path / "one.html")
    two = again.explore(gm.removal(again, by="industry", mineral="cobalt")).save(tmp_path / "two.html")
    assert one.read_bytes() == two.read_bytes()


def test_one_node_is_a_page(tmp_path):
    alone = network([("only", "making", "COD")], [("only", "only", "scrap", 1.0)])
    content = content_of(alone.explore())
    assert content["nodes"]["id"] == ["only"]
    assert content["nodes"]["output"] == [None]
    assert content["demand"] == {"process": [], "quantity": []}
    assert content["references"] == {}


def test_fifty_thousand_nodes_are_a_page_of_a_few_megabytes():
    large = grid(50_000)
    start = time.perf_counter()
    page = large.explore()
    assert time.perf_counter() - start < 60
    assert len(page.html) < 10e6
    assert len(content_of(page)["frozen"]["share"]) == large.n_edges


def test_beyond_a_million_flows_losses_are_left_out(toy, monkeypatch):
    monkeypatch.setattr("graphmodel.explore.content.MOST_EDGES", 7)
    assert content_of(toy.explore())["frozen"] is None


def test_what_is_unknown_stays_unknown_and_addresses_that_run_are_left_out(toy, tmp_path):
    content = content_of(toy.explore())
    assert content["nodes"]["start_year"] == [None] * 7
    assert content["nodes"]["owners"][toy.nodes["node_id"].tolist().index("mine-b")].startswith("Eastern Metals")
    cited = pd.DataFrame([["toy", "A book", "javascript:alert(1)"]], columns=["reference", "citation", "url"])
    write_folder(toy, tmp_path / "mine", extra={"references": cited})
    assert content_of(toy.explore(data=str(tmp_path / "mine")))["references"] == {"toy": ["A book", ""]}


def test_a_scenario_s_network_still_finds_its_references(real):
    stop = gm.Scenario("half of Huayou Quzhou").shut(0.5, node_id="huayou-quzhou")
    content = content_of(stop.apply(real).explore())
    assert len(content["references"]) > 100
    assert max(content["frozen"]["cut"]) == 0.5


@pytest.mark.parametrize("by", ["node", "industry", "country", "owner", "stage", "country,stage"])
def test_a_ranking_names_the_nodes_that_each_row_shuts(real, by):
    result = gm.removal(real, by=by, mineral="cobalt")
    ranked = content_of(result.explore(real))["ranking"]
    table = result.table.sort_values(["rank", "removed"])
    assert [len(nodes) for nodes in ranked["nodes"]] == table["n_nodes"].head(200).tolist()
    assert ranked["share"] == table["loss_share"].head(200).tolist()
    assert ranked["n_rows"] == len(result)
    assert ranked["mineral"] == "cobalt"


def test_rows_of_alliances_need_their_members(real):
    members = gm.table("alliances", "members")
    result = gm.removal(real, by="alliance", mineral="cobalt", members=members)
    assert content_of(real.explore(result, members=members))["ranking"]["nodes"][0]
    with pytest.raises(ParameterError, match="table of members"):
        real.explore(result)


def test_chokepoints_max_flow_and_losses_open_too(toy):
    for result in (
        gm.chokepoints(toy, mineral="lithium"),
        gm.max_flow(toy, mineral="lithium"),
        gm.removal(toy, response="reachability"),
    ):
        ranked = content_of(toy.explore(result))["ranking"]
        assert ranked["label"][0] == "Refinery A"
        assert ranked["share"][0] == 1
    lost = gm.losses(toy, gm.Scenario("mine B stops").shut(node_id="mine-b"))
    ranked = content_of(lost.explore(toy))["ranking"]
    ids = toy.nodes["node_id"]
    assert ranked["share"] == [0.6, 0.6]
    assert [[ids[node] for node in nodes] for nodes in ranked["nodes"]] == [["ev-chn"], ["ev-usa"]]


def test_what_cannot_be_shown_is_refused_with_what_can(toy, real):
    with pytest.raises(ParameterError, match="a ConcentrationResult has no rows to open; there are: RemovalResult, "):
        gm.concentration(toy).explore(toy)
    with pytest.raises(ParameterError, match="no node 'refine-a' in minerals-2024; the result is of toy-battery"):
        gm.removal(toy).explore(real)
    with pytest.raises(UnknownNameError, match="no material holds 'litium'; did you mean 'lithium'"):
        toy.explore(mineral="litium")


def test_a_page_that_cannot_be_written_leaves_nothing_behind(toy, tmp_path, monkeypatch):
    page = toy.explore()
    with pytest.raises(DataPackageError, match="no such folder; make it first"):
        page.save(tmp_path / "absent" / "page.html")
    with pytest.raises(DataPackageError, match="is a folder, not a file"):
        page.save(tmp_path)

    def full(path, content):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(DataPackageError, match=r"page.html: cannot be written \(No space left on device\)"):
        page.save(tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(toy, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataPackageError, match="cannot be written"):
        toy.explore().save(tmp_path / "page.html")


def test_the_page_says_what_it_is(toy):
    assert isinstance(toy.explore(), Page)
    assert repr(toy.explore()).startswith("<Page of 0.1 MB")
