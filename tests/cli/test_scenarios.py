"""One scenario on the command line: who loses what, what is made instead, and how soon."""

import io
import json

import pandas as pd
import pytest

from graphmodel.cli.options import Event


def test_shutting_a_mine_shows_who_loses_what(run):
    rows = json.loads(run("remove", "toy-battery", "-w", "node_id=mine-b", "--long", "-f", "json").stdout)
    frozen = {row["consumer"]: row["loss"] for row in rows if row["response"] == "frozen"}
    assert frozen == {"CHN": pytest.approx(3), "USA": pytest.approx(3)}  # 600 of 1000 t is 60 % of 5 GWh each


def test_four_responses_stand_side_by_side_from_the_least_to_the_most(run):
    rows = json.loads(run("remove", "toy-battery", "-w", "node_id=mine-b", "-f", "json").stdout)
    # mine A goes up from 400 to its nameplate of 500 t, more than its flow may grow by; frozen it stays at 400
    for row in rows:
        shares = [row[response] for response in ("reachability", "reroute", "adapt", "frozen")]
        assert shares == pytest.approx([0, 0.5, 0.5, 0.6])
    words = ("remove", "toy-battery", "-w", "node_id=mine-b", "--response", "reroute", "-f", "csv")
    assert run(*words).stdout.splitlines()[0] == "product,consumer,unit,demand,reroute"


def test_flows_that_may_not_grow_leave_the_loss_where_it_is(run):
    words = ("remove", "toy-battery", "-w", "node_id=mine-b", "--growth", "0", "-f", "json")
    assert [row["adapt"] for row in json.loads(run(*words).stdout)] == pytest.approx([0.6, 0.6])


@pytest.mark.parametrize(
    ("where", "mineral"),
    [(("country=CHN", "mineral=cobalt"), "cobalt"), (("mineral=cobalt,nickel",), None), (("country=CHN",), None)],
)
def test_the_one_mineral_selected_is_what_rerouting_saves(where, mineral):
    event = Event(where=where, ban=None, to=(), corridor=(), shock=None, severity=1.0)
    assert event.mineral == mineral
    assert len(event.scenario().changes) == 1


def test_rerouting_shows_who_makes_and_buys_what_instead(run):
    words = ("rerouting", "toy-battery", "-w", "node_id=mine-b", "-f", "csv")
    table = pd.read_csv(io.StringIO(run(*words).stdout)).set_index(["flow", "node_id"])
    assert table.loc[("sale", "mine-a"), "change"] == pytest.approx(100)
    assert len(run(*words, "--top", "2").stdout.splitlines()) == 3
    values = pd.read_csv(io.StringIO(run(*words, "--table", "values").stdout)).set_index(["kind", "item"])
    assert values.loc[("capacity", "mine-a"), "value"] == pytest.approx(0.001)  # 1 t of 1000 t
    assert "nothing stops" in run("rerouting", "toy-battery", code=2).stderr


def test_every_command_about_a_scenario_closes_corridors_and_bans(run):
    for command in ("remove", "rerouting"):
        out = run(command, "toy-battery", "--ban", "all", "-w", "country=KOR", "--to", "outside=KOR").stdout
        assert "lithium-cell" in out
    weeks = ("timeline", "toy-battery", "--ban", "all", "-w", "country=KOR", "--to", "outside=KOR", "-f", "csv")
    assert pd.read_csv(io.StringIO(run(*weeks).stdout))["worst_share"].tolist() == pytest.approx([0.6])


def test_half_a_mine_costs_half_as_much(run):
    rows = json.loads(
        run("remove", "toy-battery", "-w", "node_id=mine-b", "--severity", "0.5", "--long", "-f", "json").stdout
    )
    assert sum(row["loss"] for row in rows if row["response"] == "frozen") == pytest.approx(3)


def test_a_ban_leaves_the_home_market(run):
    args = ("toy-battery", "--ban", "all", "-w", "country=KOR", "--to", "outside=KOR", "--long", "-f", "json")
    frozen = {r["consumer"]: r["loss"] for r in json.loads(run("remove", *args).stdout) if r["response"] == "frozen"}
    assert frozen == {"CHN": pytest.approx(1), "USA": pytest.approx(5)}


def test_a_corridor_is_closed_for_one_consumer(run):
    out = run("remove", "--corridor", "malacca", "--severity", "0.5", "--consumer", "JPN", "-f", "csv").stdout
    rows = pd.read_csv(io.StringIO(out))
    assert set(rows["consumer"]) == {"JPN"}
    assert rows["frozen"].max() > 0


def test_a_shock_comes_again(run):
    out = run("remove", "--shock", "SH020", "--product", "gallium-other-use", "-f", "csv").stdout
    assert pd.read_csv(io.StringIO(out)).set_index("consumer").loc["USA", "frozen"] > 0


def test_what_cannot_be_removed_is_wrong_usage(run):
    assert "nothing stops" in run("remove", "toy-battery", code=2).stderr
    assert "it needs --ban" in run("remove", "toy-battery", "--to", "country=CHN", code=2).stderr
    assert "did you mean 'malacca'" in run("remove", "--corridor", "malaca", code=1).stderr
    assert (
        "no product 'lithium-cel'"
        in run("remove", "toy-battery", "-w", "country=CHN", "-p", "lithium-cel", code=1).stderr
    )


def test_an_owner_is_selected_by_equity(run):
    out = run("remove", "toy-battery", "-w", "owner=Southern Metals", "-w", "equity=0.3").stdout
    assert "frozen" in out


def test_an_alliance_brings_its_members(run):
    assert "frozen" in run("remove", "toy-battery", "-w", "outside=G7").stdout


def test_a_misspelt_stage_names_the_nearest(run):
    error = run("remove", "toy-battery", "-w", "stage=refinning", code=1).stderr
    assert "refining" in error
    assert "Traceback" not in error


def test_two_conditions_in_one_word_are_told_apart(run):
    error = run("remove", "toy-battery", "-w", "country=CHN,stage=refining", code=2).stderr
    assert "holds several conditions; repeat it for each: country=CHN, then stage=refining" in error
    assert "shut 2 nodes: mine-a, mine-b" in run("remove", "toy-battery", "-w", "node_id=mine-a,mine-b").stderr


def test_what_is_shut_is_said_beside_the_table(run):
    for command in ("remove", "rerouting", "timeline"):
        result = run(command, "toy-battery", "-w", "country=CHN", "--severity", "0.5")
        assert "shut 50% of 2 nodes: cell-b, refine-a" in result.stderr  # demand in China goes on
        assert "shut" not in result.stdout


def test_users_who_lose_nothing_are_left_out_of_the_table_alone(run):
    # all of plant B's 4 GWh go to China; others could make some of them, but not under frozen
    words = ("remove", "toy-battery", "-w", "node_id=cell-b", "--response", "frozen")
    result = run(*words)
    assert "USA" not in result.stdout
    assert "left out 1 of 2 users, who lose nothing; csv and json have them" in result.stderr
    whole = run(*words, "-f", "csv")
    assert "lithium-cell,USA,GWh,5.0,0.0" in whole.stdout
    assert "left out" not in whole.stderr


@pytest.mark.parametrize("word", ["country", "=CHN", "country="])
def test_a_selection_that_is_not_key_and_value_is_wrong_usage(run, word):
    assert "KEY=VALUE" in run("remove", "toy-battery", "-w", word, code=2).stderr


def test_an_equity_that_is_no_number_is_wrong_usage(run):
    assert "not a number" in run("remove", "toy-battery", "-w", "owner=X", "-w", "equity=much", code=2).stderr
