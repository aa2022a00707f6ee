"""The page in a browser, worked by clicks and keys."""

import json
import time

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.inputs import frozen_processes
from graphmodel.analysis.remaining import kernel_recipes, scenario_cut
from graphmodel.explore.content import gather
from graphmodel.kernels.cascade import frozen
from tests.analysis.drawn import tables
from tests.conftest import network
from tests.explore.browser import Browser, installed
from tests.explore.test_page import EVIL, grid

pytestmark = pytest.mark.skipif(installed() is None, reason="no Chromium on this machine")

READY = "document.body?.dataset.ready === 'yes'"
SHARE = "Number(document.getElementById('loss').dataset.share)"
TEXT = "document.querySelector({}).textContent"


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Save a page, open it, and see in the end that it has loaded nothing and complained of nothing."""

    def open_it(page, *size):
        path = page.save(tmp_path / "page.html")
        browser.open(path, *size)
        browser.wait(READY)
        return browser

    yield open_it
    assert browser.errors == []
    assert [url for url in browser.requests if not url.startswith(("file:///", "about:srcdoc"))] == []
    assert len(browser.requests) <= 2


def text(browser, selector):
    return browser.run(TEXT.format(json.dumps(selector)))


def settled(browser, selector, words):
    browser.wait(f"document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(words)})")


def find(browser, words, name):
    """Type into the search field and click the row of that name."""
    browser.click("#words")
    browser.type(words)
    row = f"[...document.querySelectorAll('#rows button .name')].find(e => e.textContent === {json.dumps(name)})"
    settled(browser, "#n_found", "shown")
    browser.wait(f"!!{row}")
    browser.run(f"({row}).parentElement.id = 'wanted'")
    browser.click("#wanted")


def click_node(browser, node):
    at = browser.run(
        f"(() => {{ const at = page.picture.place(page.net.nodes.id.indexOf({json.dumps(node)})), "
        "box = document.getElementById('canvas').getBoundingClientRect(); return [at.x + box.x, at.y + box.y]; })()"
    )
    browser.click_at(*at)


def lost_without(net, node, **counted):
    return gm.removal(net, **counted).table.set_index("removed").loc[node, "loss_share"]


def test_a_plant_is_found_read_shut_and_opened_again(visit, real):
    browser = visit(real.explore())
    find(browser, "huayou QUZ", "Huayou Quzhou")
    facts = text(browser, "#facts")
    for words in (
        "huayou-quzhou",
        "China (CHN)",
        "Huayou Cobalt",
        "single plant",
        "Suppliers",
        "Customers",
        "References",
    ):
        assert words in facts
    assert text(browser, "#loss h2") == "Nothing is shut"
    browser.click("#shut")
    assert browser.run(SHARE) == pytest.approx(lost_without(real, "huayou-quzhou", evenly=True), abs=1e-9)
    browser.choose("#mineral", "cob")
    settled(browser, "#what", "of the cobalt in final products")
    assert browser.run(SHARE) == pytest.approx(lost_without(real, "huayou-quzhou", mineral="cobalt"), abs=1e-9)
    assert text(browser, "#total") == "16.5\u202f%"
    browser.click("#shut")
    settled(browser, "#loss h2", "Nothing is shut")


def test_all_that_the_filters_show_is_shut_together(visit, real):
    browser = visit(real.explore())
    for name, starts_with in (("#mineral", "cob"), ("#stage", "Ref"), ("#country", "China")):
        browser.choose(name, starts_with)
    settled(browser, "#n_found", "8 nodes shown")
    browser.click("#shut_shown")
    industry = gm.removal(real, by="industry", mineral="cobalt").table.set_index("removed")
    assert browser.run(SHARE) == pytest.approx(industry.loc["CHN:refining:cobalt", "loss_share"], abs=1e-9)
    product = browser.run(
        "[...document.querySelectorAll('#lost tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    stop = gm.Scenario("stop").shut(country="CHN", stage="refining", mineral="cobalt")
    lost = gm.losses(real, stop).table.query("response == 'frozen'").groupby("product")[["loss", "demand"]].sum()
    worst = (lost["loss"] * real.content("cobalt")).idxmax()
    assert product[0][0] == real.table("materials").set_index("material").loc[worst, "label"]
    assert product[0][1] == f"{100 * lost.loc[worst, 'loss'] / lost.loc[worst, 'demand']:.0f}\u202f%"
    browser.choose("#consumer", "South K")
    korea = gm.removal(real, by="industry", mineral="cobalt", consumer="KOR").table.set_index("removed")
    assert browser.run(SHARE) == pytest.approx(korea.loc["CHN:refining:cobalt", "loss_share"], abs=1e-9)


def test_several_are_shut_the_spread_is_stepped_through_and_reset_opens_all(visit, toy):
    browser = visit(toy.explore())
    click_node(browser, "mine-a")
    assert "Mine A" in text(browser, "#facts h2")
    browser.click("#shut")
    assert browser.run(SHARE) == pytest.approx(0.4, abs=1e-12)  # 400 of 1000 t
    click_node(browser, "cell-a")
    browser.click("#shut")
    assert browser.run(SHARE) == pytest.approx(0.76, abs=1e-12)  # cell plant A makes 6 of 10; B keeps 0.6 of its 4
    browser.run("document.getElementById('step').focus()")
    steps = []
    browser.press("ArrowLeft", times=9)
    for _ in range(5):
        steps.append((text(browser, "#says"), round(browser.run(SHARE), 12)))
        browser.press("ArrowRight")
    # first nobody but the two; then users miss plant A's cells, the refinery mine A's ore; then B the salt; then users
    assert [share for _, share in steps] == [0.0, 0.6, 0.6, 0.76, 0.76]
    assert steps[0][0] == "What stops by itself"
    assert steps[1][0] == "Step 1 of the spread"
    assert steps[4][0] == "The end, 3 steps in all"
    browser.click("#play")
    browser.wait(f"{SHARE} === 0")
    settled(browser, "#says", "The end")
    browser.click("#reset")
    settled(browser, "#loss h2", "Nothing is shut")
    settled(browser, "#facts h2", "Nothing chosen")


def test_every_node_s_loss_equals_that_of_removal(visit, real):
    browser = visit(real.explore())
    code = """(mineral => {
      const net = page.net, cascade = new Cascade(net.frozen), of = net.demand.process;
      const rows = { quantity: net.demand.quantity, product: of.map(p => net.processes.product[p]), counts: of.map(() => true) };
      const weight = demand_weights(rows, mineral && net.holds[mineral]), total = weight.reduce((a, b) => a + b, 0);
      const lost = {};
      net.nodes.id.forEach((id, node) => {
        if (!net.nodes.removable[node]) return;
        const { loss } = cascade.spread(net.processes_of(node));
        lost[id] = of.reduce((sum, process, row) => sum + weight[row] * loss[process], 0) / total;
      });
      return lost;
    })"""
    for mineral in (None, "cobalt", "gallium"):
        shares = gm.removal(real, mineral=mineral, evenly=mineral is None).table.set_index("removed")["loss_share"]
        found = pd.Series(browser.run(f"{code}({json.dumps(mineral)})"))
        assert set(found.index) == set(shares.index)
        assert (found - shares).abs().max() < 1e-9


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), st.data())
def test_the_page_settles_where_the_kernel_settles(browser, blank, drawn, data):
    net = gm.Network(**drawn)
    work = frozen_processes(net)
    shut = sorted(data.draw(st.sets(st.integers(0, work.n_processes - 1), max_size=3)))
    cut, limit = scenario_cut(net, work)
    cut[shut] = 1.0
    expected = 1.0 - frozen(kernel_recipes(work), (1.0 - cut)[:, None], edge_limit=limit)[:, 0]
    content = json.dumps(gather(net, None)["frozen"])
    found = browser.run(f"[...new Cascade({content}).spread({json.dumps(shut)}).loss]")
    assert found == pytest.approx(expected.tolist(), abs=1e-9)


@pytest.fixture(scope="module")
def blank(browser, tmp_path_factory):
    """A page that is open only for what its script can do."""
    browser.open(gm.load("toy-battery").explore().save(tmp_path_factory.mktemp("blank") / "page.html"))
    browser.wait(READY)


def test_a_result_opens_with_its_worst_row_and_each_row_loses_what_it_says(visit, real):
    result = gm.removal(real, by="control", mineral="gallium", consumer="KOR")
    browser = visit(result.explore(real))
    worst = result.table.iloc[0]
    assert text(browser, "#facts h2") == "China"
    assert worst["removed"] == "CHN"
    assert text(browser, "#facts h2 + p") == f"{worst['n_nodes']:,} nodes".replace(",", "\u202f")
    browser.click("#shut")
    assert browser.run(SHARE) == pytest.approx(worst["loss_share"], abs=1e-9)
    browser.click("#open_all")
    browser.click("#ranking li:nth-child(2) button")
    browser.click("#shut")
    assert browser.run(SHARE) == pytest.approx(result.table.iloc[1]["loss_share"], abs=1e-9)


def test_a_scenario_already_in_force_counts(visit, real):
    stop = gm.Scenario("half").shut(0.5, country="COD", stage="mining")
    changed = stop.apply(real)
    browser = visit(changed.explore(mineral="cobalt"))
    settled(browser, "#loss", "What the scenario takes away")
    lost = gm.removal(changed, mineral="cobalt").table
    find(browser, "kokkola", "Kokkola")
    browser.click("#shut")
    expected = lost.loc[lost["label"] == "Kokkola", "loss_share"].iloc[0]
    assert browser.run(SHARE) == pytest.approx(expected, abs=1e-9)


def test_keys_reach_everything_in_the_picture(visit, toy):
    browser = visit(toy.explore())
    browser.run("document.getElementById('canvas').focus()")
    browser.press("ArrowRight")
    assert text(browser, "#facts h2") in ("Mine A", "Mine B")
    browser.press("ArrowRight")
    assert text(browser, "#facts h2") == "Refinery A"
    browser.press("Enter")
    assert browser.run(SHARE) == 1
    browser.press("Enter")
    settled(browser, "#loss h2", "Nothing is shut")
    before = browser.run("page.picture.place(6).r")
    browser.press("+")
    assert browser.run("page.picture.place(6).r") > before
    browser.press("0")
    assert browser.run("page.picture.place(6).r") == before


def test_pointing_at_a_node_says_what_it_is(visit, toy):
    browser = visit(toy.explore())
    at = browser.run(
        "(() => { const p = page.picture.place(6), b = document.getElementById('canvas').getBoundingClientRect(); return [p.x + b.x, p.y + b.y]; })()"
    )
    browser.move_to(*at)
    settled(browser, "#tip", "Refinery A")
    assert "China · Refining" in text(browser, "#tip")
    assert "Lithium salt: 1\u202f000 t Li" in text(browser, "#tip")


@pytest.mark.parametrize("size", [(1400, 900), (1100, 700), (900, 780), (600, 900)])
def test_nothing_sticks_out_whatever_the_window(visit, real, size):
    browser = visit(gm.removal(real, by="industry", mineral="cobalt").explore(real), *size)
    browser.click("#shut")
    assert browser.run("document.documentElement.scrollWidth") <= size[0]
    outside = browser.run(
        "[...document.querySelectorAll('header *, main > *, #facts *, #loss button, #loss select')]"
        ".filter(e => { const b = e.getBoundingClientRect(); return b.width && (b.left < -1 || b.right > innerWidth + 1); })"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert outside == []
    boxes = browser.run(
        "[...document.querySelectorAll('main > *')].map(e => (b => [b.left, b.top, b.right, b.bottom])(e.getBoundingClientRect()))"
    )
    for place, one in enumerate(boxes):
        for two in boxes[place + 1 :]:
            apart = one[2] <= two[0] + 1 or two[2] <= one[0] + 1 or one[3] <= two[1] + 1 or two[3] <= one[1] + 1
            assert apart, (one, two)


def test_the_page_works_in_the_frame_of_a_saved_notebook(browser, tmp_path, real):
    result = gm.removal(real, by="industry", mineral="cobalt")
    (tmp_path / "notebook.html").write_text(
        f"<!DOCTYPE html><meta charset='utf-8'><p>Out[1]:</p>{result.explore(real)._repr_html_()}"
    )
    browser.open(tmp_path / "notebook.html", 1000, 900)
    browser.enter_frame()
    browser.wait(READY)
    assert text(browser, "#facts h2") == "China · refining · cobalt"
    browser.click("#shut")
    assert browser.run(SHARE) == pytest.approx(result.table["loss_share"].iloc[0], abs=1e-9)
    click_node(browser, "huayou-quzhou")
    assert text(browser, "#facts h2") == "Huayou Quzhou"
    assert browser.errors == []
    assert all(url.startswith(("file:///", "about:srcdoc")) for url in browser.requests)


def test_names_are_text_in_every_script_and_never_markup(visit):
    strange = network(
        [("钴矿", "mining", "COD"), ("مصفاة", "making", "CHN"), ("<b>user</b>", "use", "USA")],
        [("钴矿", "مصفاة", "<i>ore</i>", 10.0), ("مصفاة", "<b>user</b>", EVIL, 10.0)],
    )
    nodes = strange.nodes.assign(name=["刚果钴矿一号", "مصفاة الكوبالت", EVIL], reference=EVIL, status=EVIL)
    browser = visit(strange.with_tables(nodes=nodes, name=EVIL).explore())
    browser.run("window.alert = () => { throw new Error('alert'); }")
    find(browser, "钴矿", "刚果钴矿一号")
    browser.click("#shut")
    assert browser.run(SHARE) == 1
    browser.click("#reset")
    find(browser, "الكوبالت", "مصفاة الكوبالت")
    assert browser.run("getComputedStyle(document.querySelector('#facts h2')).direction") == "rtl"
    click_node(browser, "<b>user</b>")
    assert text(browser, "#facts h2") == EVIL
    assert EVIL in text(browser, "#facts .sources")
    assert browser.run("document.querySelectorAll('img, b, #facts i').length") == 0


def test_a_user_cannot_be_shut(visit, toy):
    browser = visit(toy.explore())
    click_node(browser, "ev-usa")
    assert "they cannot be shut" in text(browser, "#facts")
    assert browser.run("document.getElementById('shut')") is None


def test_a_network_of_one_node_opens_and_has_nothing_to_lose(visit):
    browser = visit(network([("only", "making", "COD")], [("only", "only", "scrap", 1.0)]).explore())
    click_node(browser, "only")
    assert "not known" in text(browser, "#facts")
    assert "None stated" in text(browser, "#facts").replace("none", "None")
    browser.click("#shut")
    assert "no final demand" in text(browser, "#loss")


def test_a_network_too_large_for_losses_says_so(visit, toy, monkeypatch):
    monkeypatch.setattr("graphmodel.explore.content.MOST_EDGES", 7)
    browser = visit(toy.explore())
    assert "too large for losses" in text(browser, "#loss")
    click_node(browser, "mine-a")
    assert browser.run("document.getElementById('shut').disabled")


def test_of_fifty_thousand_nodes_the_largest_are_drawn_and_all_count(visit):
    large = grid(50_000)
    start = time.monotonic()
    browser = visit(large.explore())
    assert time.monotonic() - start < 60
    assert "3\u202f000 nodes drawn, 47\u202f000 smaller ones left out" in text(browser, "#caption")
    browser.choose("#stage", "min")
    browser.choose("#country", "Chi")
    settled(browser, "#n_found", "nodes shown")
    browser.click("#shut_shown")
    assert browser.run(SHARE) == pytest.approx(
        lost_without(large, "CHN:mining", by="country,stage", evenly=True), abs=1e-9
    )
