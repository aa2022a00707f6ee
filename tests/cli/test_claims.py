"""Published statements on the command line."""

import io

import pandas as pd


def test_shipped_claims_are_tested_and_counted(run):
    result = run("claims", "toy-battery", "--format", "csv")
    table = pd.read_csv(io.StringIO(result.stdout))
    assert len(table) == 126
    assert "cannot be tested: " in result.stderr


def test_a_table_of_ones_own_is_tested_and_cut_to_a_verdict(run, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "claim_id,statement,kind,measure,mineral,stage,country,claimed,unit,reference\n"
        "a,China refines all,share,share_of_stage,lithium,refining,CHN,100,%,me\n"
        "b,Chile digs all,share,share_of_stage,lithium,mining,CHL,100,%,me\n"
    )
    words = ("claims", "toy-battery", "--claims", str(path))
    assert "holds: 1; held in that vintage: 0; does not hold: 1" in run(*words).stderr
    out = run(*words, "--verdict", "does not hold").stdout
    assert "Chile digs all" in out
    assert "China refines all" not in out
    path.write_text(path.read_text().replace("mining", "").replace("CHN", "CHM"))
    error = run(*words, code=1).stderr
    assert "2 problem(s)" in error
    assert "mine.csv:2:country: is not a country or region code 'CHM'" in error
