"""The command that writes the page to look around in."""

import graphmodel as gm


def test_the_page_is_that_of_the_network(run, tmp_path):
    done = run("explore", "toy-battery", "-o", str(tmp_path / "page.html"))
    assert "wrote" in done.stderr
    assert (tmp_path / "page.html").read_text() == gm.load("toy-battery").explore().html


def test_a_ranking_and_a_mineral_can_be_asked_for(run, tmp_path):
    run("explore", "toy-battery", "--mineral", "lithium", "--by", "country", "-o", str(tmp_path / "page.html"))
    toy = gm.load("toy-battery")
    ranked = gm.removal(toy, by="country", mineral="lithium")
    assert (tmp_path / "page.html").read_text() == toy.explore(ranked, mineral="lithium").html


def test_one_s_own_folder_brings_its_references(run, mine, tmp_path):
    run("explore", str(mine), "-o", str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").stat().st_size > 50_000


def test_what_cannot_be_is_one_clear_error(run, tmp_path):
    absent = run("explore", "toy-battery", "-o", str(tmp_path / "absent" / "page.html"), code=1).stderr
    assert absent.strip().endswith("no such folder; make it first")
    assert "did you mean 'lithium'" in run("explore", "toy-battery", "-m", "litium", code=1).stderr
    assert not list(tmp_path.iterdir())
