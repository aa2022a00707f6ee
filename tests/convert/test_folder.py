from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.convert import folder_problems, read_folder, read_table, update_descriptor, write_folder
from graphmodel.errors import DataPackageError, ParameterError, SchemaError, UnknownNameError, UntrustedFileError


def replaced(file: Path, old: str, new: str) -> None:
    """Edit a file as a user would; the text must be there once."""
    text = file.read_bytes().decode()
    assert text.count(old) == 1
    file.write_bytes(text.replace(old, new).encode())


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


# ------------------------------------------------------------------ writing


def test_a_package_comes_back_as_it_was(toy, package):
    again = read_folder(package)
    assert again == toy
    assert again.name == "toy-battery"
    assert dict(again.description) == dict(toy.description)
    assert folder_problems(package) == ()


def test_the_same_network_gives_the_same_bytes(toy, tmp_path):
    shuffled = toy.with_tables(nodes=toy.nodes[::-1], edges=toy.edges.sample(frac=1, random_state=3))
    for name, network in (("one", toy), ("two", shuffled)):
        write_folder(network, tmp_path / name)
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_csv_is_plain(package):
    raw = (package / "nodes.csv").read_bytes()
    assert b"\r" not in raw
    assert b"1200,1000" in raw  # no .0
    assert b"start_year" not in raw  # nobody filled it
    ids = [line.split(b",")[0] for line in raw.splitlines()[1:]]
    assert ids == sorted(ids)


def test_stages_are_sorted_by_their_order(package):
    assert read_table(package, "stages")["stage"].tolist() == ["mining", "refining", "cell", "use"]


def test_the_descriptor_says_what_the_tables_hold(package):
    descriptor = json.loads((package / "datapackage.json").read_text())
    assert descriptor["name"] == "toy-battery"
    assert descriptor["licenses"][0]["name"] == "MIT"
    edges = next(resource for resource in descriptor["resources"] if resource["name"] == "edges")
    raw = (package / "edges.csv").read_bytes()
    assert edges["bytes"] == len(raw)
    assert edges["hash"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert edges["rows"] == 8
    assert edges["schema"]["primaryKey"] == "edge_id"
    assert {"fields": "source", "reference": {"resource": "nodes", "fields": "node_id"}} in edges["schema"][
        "foreignKeys"
    ]
    quantity = next(column for column in edges["schema"]["fields"] if column["name"] == "quantity")
    assert quantity["unit"] == "unit of the material"
    assert quantity["constraints"] == {"required": True, "minimum": 0}


def test_frictionless_finds_the_package_valid(toy, tmp_path):
    frictionless = pytest.importorskip("frictionless")
    extra = pd.DataFrame({"material": ["lithium-ore"], "residual": [0.5], "checked": [True]})
    write_folder(toy, tmp_path / "package", extra={"closure": extra})
    report = frictionless.Package(str(tmp_path / "package" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])


def test_a_name_that_is_no_slug_comes_back(toy, tmp_path):
    write_folder(toy.with_tables(name="Toy – 电池 (2024)"), tmp_path / "package")
    assert json.loads((tmp_path / "package" / "datapackage.json").read_text())["name"] == "toy-2024"
    assert read_folder(tmp_path / "package").name == "Toy – 电池 (2024)"


def test_further_tables_travel_with_the_package(toy, tmp_path):
    closure = pd.DataFrame({"material": ["a", "NA"], "share": [0.1, np.nan], "n": [1, 2], "sided": [True, False]})
    write_folder(toy, tmp_path / "package", extra={"closure": closure})
    again = read_table(tmp_path / "package", "closure")
    pd.testing.assert_frame_equal(again.astype({"material": object}), closure.astype({"material": object}))
    assert read_folder(tmp_path / "package") == toy


def test_further_columns_keep_their_type(toy, tmp_path):
    nodes = toy.nodes.assign(
        workers=[3, 1, 4, 1, 5, 9, 2], grade=[0.5, np.nan, 1, 2, 3, 4, 5], code="007", own=[True] * 3 + [False] * 4
    )
    network = toy.with_tables(nodes=nodes)
    write_folder(network, tmp_path / "package")
    again = read_folder(tmp_path / "package")
    assert again == network
    kinds = [again.nodes[name].dtype.kind for name in ("workers", "grade", "code", "own")]
    assert kinds == ["i", "f", "O", "b"]


def test_a_further_table_must_not_shadow_one_of_the_network(toy, tmp_path):
    with pytest.raises(ParameterError, match=r"'nodes' is a table of the network"):
        write_folder(toy, tmp_path / "package", extra={"nodes": toy.nodes})
    with pytest.raises(ParameterError, match=r"'../up' cannot name a table"):
        write_folder(toy, tmp_path / "package", extra={"../up": toy.nodes})
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_is_no_text_is_named(toy, tmp_path):
    nodes = toy.nodes.assign(name=pd.Series(["a\0b", "\ud800", "x" * 131_073, *"defg"], dtype=object))
    with pytest.raises(SchemaError) as caught:
        write_folder(toy.with_tables(nodes=nodes), tmp_path / "package")
    assert [(p.table, p.line, p.column) for p in caught.value.problems] == [("nodes", n, "name") for n in (1, 2, 3)]
    assert list(tmp_path.iterdir()) == []


def test_a_description_that_is_no_json_is_refused(toy, tmp_path):
    strange = gm.Network(
        toy.nodes, toy.edges, toy.stages, materials=toy.table("materials"), description={"x": object()}
    )
    with pytest.raises(ParameterError, match="description cannot be written as JSON"):
        write_folder(strange, tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ overwriting


def test_a_package_of_ours_is_replaced(toy, package):
    write_folder(toy, package, extra={"closure": pd.DataFrame({"a": [1]})})
    assert (package / "closure.csv").exists()
    fewer = toy.with_tables(edges=toy.edges[:4])
    write_folder(fewer, package)
    assert read_folder(package) == fewer
    assert not (package / "closure.csv").exists()  # belonged to the package replaced


def test_what_is_not_part_of_the_package_stays(toy, package):
    (package / "notes.md").write_text("mine")
    (package / "sources").mkdir()
    (package / "sources" / "plants.csv").write_text("kept")
    write_folder(toy, package)
    assert (package / "notes.md").read_text() == "mine"
    assert (package / "sources" / "plants.csv").read_text() == "kept"
    assert read_folder(package) == toy


def test_a_folder_with_sub_folders_only_may_be_filled(toy, tmp_path):
    (tmp_path / "package" / "sources").mkdir(parents=True)
    write_folder(toy, tmp_path / "package")
    assert read_folder(tmp_path / "package") == toy


def test_a_folder_of_something_else_is_left_alone(toy, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DataPackageError, match=r"holds thesis\.tex, which graphmodel did not write"):
        write_folder(toy, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_another_programs_package_is_left_alone(toy, tmp_path):
    (tmp_path / "datapackage.json").write_text('{"name": "other", "resources": []}')
    with pytest.raises(DataPackageError, match="did not write"):
        write_folder(toy, tmp_path)


def test_a_bare_folder_is_left_alone_and_the_way_out_is_named(toy, bare):
    with pytest.raises(DataPackageError, match=r"graphmodel check .*bare --update"):
        write_folder(toy, bare)


def test_a_file_in_the_way_is_left_alone(toy, tmp_path):
    (tmp_path / "package").write_text("mine")
    with pytest.raises(DataPackageError, match="is a file, not a folder"):
        write_folder(toy, tmp_path / "package")


def test_the_folder_above_must_exist(toy, tmp_path):
    with pytest.raises(DataPackageError, match="no such folder; make it first"):
        write_folder(toy, tmp_path / "a" / "b")


@pytest.mark.parametrize("fails_at", [1, 2, 5, 12])
def test_a_write_that_fails_half_way_changes_nothing(toy, package, monkeypatch, fails_at):
    before = {file.name: file.read_bytes() for file in package.iterdir()}
    calls = {"n": 0}
    rename = Path.rename

    def failing(self, target):
        calls["n"] += 1
        if calls["n"] == fails_at:
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk full"):
        write_folder(toy.with_tables(edges=toy.edges[:4]), package)
    assert {file.name: file.read_bytes() for file in package.iterdir()} == before
    assert temporaries(package.parent) == []


def test_a_new_folder_appears_whole_or_not_at_all(toy, tmp_path, monkeypatch):
    write_bytes = Path.write_bytes

    def failing(self, content):
        if self.name == "edges.csv":
            raise OSError("disk full")
        return write_bytes(self, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(OSError, match="disk full"):
        write_folder(toy, tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ reading


def test_three_files_suffice(tmp_path):
    (tmp_path / "stages.csv").write_text("stage,order,role\nmining,1,origin\nuse,2,sink\n")
    (tmp_path / "nodes.csv").write_text("node_id,stage,country,mw\nm,mining,NAM,5\nu,use,USA,\n")
    (tmp_path / "edges.csv").write_text("source,target,material,quantity\nm,u,lithium,5\nm,u,lithium,5\n")
    network = read_folder(tmp_path)
    assert network.nodes["country"].tolist() == ["NAM", "USA"]  # Namibia is not missing
    assert network.nodes["mw"].tolist()[0] == 5
    assert network.edges["edge_id"].tolist() == ["e1", "e2"]
    assert network.name == tmp_path.name


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(toy, bare, end, mark):
    for file in bare.glob("*.csv"):
        file.write_bytes(mark + file.read_bytes().replace(b"\n", end.encode()))
    assert read_folder(bare) == toy


def test_the_line_is_right_after_cells_that_span_lines(bare):
    replaced(bare / "nodes.csv", "Cell plant A", '"Cell\nplant\r\nA, ""the first"""')
    replaced(bare / "nodes.csv", "refining,CHN", "refinning,CHN")
    (problem,) = folder_problems(bare)
    assert (problem.table, problem.line, problem.column, problem.value) == ("nodes.csv", 10, "stage", "refinning")
    assert problem.hint == "did you mean 'refining'?"
    with pytest.raises(
        SchemaError, match=r"nodes\.csv:10:stage: is not in stages 'refinning' \(did you mean 'refining'\?\)"
    ):
        read_folder(bare)


def test_blank_lines_count_as_lines_but_not_as_rows(bare):
    replaced(bare / "nodes.csv", "cell-b,", "\n\ncell-b,")
    replaced(bare / "nodes.csv", "Refinery A,facility", "Refinery A,factory")
    (problem,) = folder_problems(bare)
    assert (problem.line, problem.column) == (10, "kind")


def test_every_breach_of_every_table_is_listed_at_once(bare):
    replaced(bare / "nodes.csv", "mine-b,Mine B,facility,mining,AUS", "mine-b,Mine B,facility,mining,Australia")
    replaced(bare / "edges.csv", "lithium-ore,250", "lithium-ore,many")
    replaced(bare / "edges.csv", "e7,cell-a", "e7,cell-x")
    replaced(bare / "stages.csv", "sink", "sinc")
    with pytest.raises(SchemaError) as caught:
        read_folder(bare)
    places = [(p.table, p.line, p.column) for p in caught.value.problems]
    assert places == [
        ("edges.csv", 4, "quantity"),
        ("edges.csv", 8, "source"),
        ("nodes.csv", 7, "country"),
        ("stages.csv", 5, "role"),
    ]
    assert folder_problems(bare) == caught.value.problems


def test_ragged_rows_are_named_once_and_the_rest_is_still_checked(bare):
    replaced(bare / "edges.csv", "e3,mine-b,refine-a,lithium-ore,250,estimated,toy,assumed", "e3,mine-b,refine-a")
    replaced(bare / "edges.csv", "e5,refine-a,cell-b,lithium-salt,400", "e5,refine-a,cell-b,lithium-salt,4,00")
    replaced(bare / "edges.csv", "e8,cell-b", "e8,cell-bb")
    problems = folder_problems(bare)
    assert [(p.line, p.column) for p in problems] == [(4, "material"), (6, ""), (9, "source")]
    assert problems[0].message == "row has 3 cells, the header 8"
    assert problems[1].message == "row has 9 cells, the header 8"


def test_a_nul_byte_is_named(bare):
    replaced(bare / "edges.csv", "cell-b,lithium-salt", "cell-b,lith\0ium-salt")
    (problem,) = folder_problems(bare)
    assert (problem.table, problem.line) == ("edges.csv", 6)
    assert "NUL byte at offset" in problem.message


def test_latin_1_is_not_guessed_but_named(bare):
    raw = (bare / "nodes.csv").read_bytes().replace(b"Mine A", "Mine Á".encode("latin-1"))
    (bare / "nodes.csv").write_bytes(raw)
    (problem,) = folder_problems(bare)
    assert (problem.table, problem.line, problem.value) == ("nodes.csv", 6, "0xc1")
    assert problem.message == f"byte at offset {raw.index(0xC1)} is not UTF-8"
    assert problem.hint == "it could be Latin-1 (ISO 8859-1) or Shift JIS; save it as UTF-8"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("cp1252", "Windows-1252"), ("gb18030", "GB 18030"), ("utf-16", "UTF-16"), ("shift_jis", "Shift JIS")],
)
def test_other_encodings_are_named(bare, encoding, said):
    name = "Mine – A" if encoding == "cp1252" else "鉱山鉱山"
    text = (bare / "nodes.csv").read_text().replace("Mine A", name)
    (bare / "nodes.csv").write_bytes(text.encode(encoding))
    (problem,) = folder_problems(bare)
    assert said in problem.hint + problem.message
    assert "UTF-8" in problem.hint


def test_a_character_cut_in_two_looks_cut_off(bare):
    (bare / "nodes.csv").write_bytes((bare / "nodes.csv").read_bytes() + "é".encode()[:1])
    (problem,) = folder_problems(bare)
    assert "cut off" in problem.hint


def test_a_quotation_mark_that_never_closes_is_named_where_it_opens(bare):
    replaced(bare / "nodes.csv", "Mine A", '"Mine A')
    (problem,) = folder_problems(bare)
    assert (problem.table, problem.line) == ("nodes.csv", 6)
    assert "quotation mark" in problem.hint


def test_columns_that_stand_twice_or_have_no_name_are_named(bare):
    replaced(bare / "nodes.csv", "node_id,name,kind", "node_id,kind,kind")
    (problem,) = folder_problems(bare)
    assert (problem.table, problem.line, problem.column, problem.message) == (
        "nodes.csv",
        1,
        "kind",
        "column stands twice",
    )
    replaced(bare / "nodes.csv", "node_id,kind,kind", "node_id,,kind")
    (problem,) = folder_problems(bare)
    assert problem.message == "column 2 has no name"


@pytest.mark.parametrize(("mark", "said"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_are_named(bare, mark, said):
    text = (bare / "stages.csv").read_text()
    (bare / "stages.csv").write_text(text.replace(",", mark))
    (problem,) = folder_problems(bare)
    assert said in problem.message


def test_an_empty_file_and_a_missing_table_are_named(bare):
    (bare / "stages.csv").write_bytes(b"")
    (bare / "edges.csv").unlink()
    problems = folder_problems(bare)
    assert [(p.table, p.message) for p in problems] == [("edges.csv", "table is missing"), ("stages.csv", "is empty")]


def test_a_missing_column_is_named(bare):
    replaced(bare / "edges.csv", "material,", "stuff,")
    problems = folder_problems(bare)
    assert [(p.table, p.column, p.message) for p in problems] == [("edges.csv", "material", "column is missing")]


def test_a_folder_that_is_none_is_named(tmp_path):
    for path, said in ((tmp_path / "x", "no such folder"), (tmp_path, "holds no tables; needs stages.csv")):
        with pytest.raises(DataPackageError, match=said):
            read_folder(path)
        assert len(folder_problems(path)) == 1


def test_a_table_the_package_lacks_is_an_unknown_name(package):
    with pytest.raises(UnknownNameError, match="did you mean 'owners'"):
        read_table(package, "owner")


def test_text_that_looks_like_something_else_stays_text(toy, tmp_path):
    names = ["=cmd()", "<script>alert(1)</script>", "NA", "007", "1e5", " padded ", '"']
    network = toy.with_tables(nodes=toy.nodes.assign(name=names, tag=names))
    write_folder(network, tmp_path / "package")
    again = read_folder(tmp_path / "package")
    assert again.nodes["name"].tolist() == names
    assert again.nodes["tag"].tolist() == names
    update_descriptor(tmp_path / "package")
    assert read_folder(tmp_path / "package") == network


# ------------------------------------------------------------------ what the descriptor vouches for


def test_an_edited_file_is_noticed_and_the_way_out_is_named(toy, package):
    replaced(package / "edges.csv", "lithium-ore,400", "lithium-ore,300")
    with pytest.raises(
        DataPackageError, match=r"edges\.csv: differs from its hash .* graphmodel check .*package --update"
    ):
        read_folder(package)
    with pytest.raises(DataPackageError, match=r"edges\.csv"):
        read_table(package, "edges")
    assert read_folder(package, verify=False).edges["quantity"][0] == 300
    update_descriptor(package)
    assert read_folder(package).edges["quantity"][0] == 300
    assert dict(read_folder(package).description) == dict(toy.description)
    assert folder_problems(package) == ()


def test_a_half_written_file_is_noticed(package):
    raw = (package / "edges.csv").read_bytes()
    (package / "edges.csv").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataPackageError, match=r"edges\.csv: has \d+ bytes, datapackage\.json says 513: half-written"):
        read_folder(package)


def test_a_missing_file_is_noticed(package):
    (package / "owners.csv").unlink()
    with pytest.raises(DataPackageError, match=r"owners\.csv: is missing, though datapackage\.json lists it"):
        read_folder(package)


def test_a_table_the_descriptor_does_not_know_is_noticed(toy, package):
    (package / "closure.csv").write_text("material,residual\nx,0.5\n")
    with pytest.raises(DataPackageError, match=r"closure\.csv: is not in datapackage\.json"):
        read_folder(package)
    update_descriptor(package)
    assert read_table(package, "closure")["residual"].tolist() == [0.5]
    assert read_folder(package) == toy


def test_a_descriptor_is_not_rewritten_over_bad_tables(package):
    before = (package / "datapackage.json").read_bytes()
    replaced(package / "edges.csv", "lithium-ore,400", "lithium-ore,lots")
    with pytest.raises(SchemaError, match=r"edges\.csv:2:quantity: is not a number 'lots'"):
        update_descriptor(package)
    assert (package / "datapackage.json").read_bytes() == before
    assert {p.table for p in folder_problems(package)} == {"edges.csv"}


def test_a_bare_folder_gets_a_descriptor(toy, bare):
    update_descriptor(bare)
    assert read_folder(bare) == toy
    write_folder(toy, bare)  # it is ours now


def test_units_and_descriptions_of_further_columns_survive(toy, package):
    (package / "closure.csv").write_text("material,residual\nx,0.5\n")
    update_descriptor(package)
    path = package / "datapackage.json"
    descriptor = json.loads(path.read_text())
    closure = next(resource for resource in descriptor["resources"] if resource["name"] == "closure")
    closure["title"] = "Closure"
    closure["schema"]["fields"][1] |= {"unit": "t", "description": "what is left"}
    path.write_text(json.dumps(descriptor))
    write_folder(toy, package, extra={"closure": read_table(package, "closure")})
    closure = next(r for r in json.loads(path.read_text())["resources"] if r["name"] == "closure")
    assert closure["title"] == "Closure"
    assert closure["schema"]["fields"][1] == {
        "name": "residual",
        "type": "number",
        "description": "what is left",
        "unit": "t",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "damaged descriptor: .*datapackage.json:1"),
        ("[]", 'no list "resources"'),
        ('{"resources": 5}', 'no list "resources"'),
        ('{"graphmodel": 99, "resources": []}', "is of version 99"),
        ('{"resources": [5]}', "every resource needs a name and one path"),
        ('{"resources": [{"name": "a", "path": ["x", "y"]}]}', "every resource needs a name and one path"),
        ('{"resources": [{"name": "a", "path": "../../etc/passwd"}]}', "lies outside the folder"),
        ('{"resources": [{"name": "a", "path": "/etc/passwd"}]}', "lies outside the folder"),
        ('{"resources": [{"name": "a", "path": "http://x/y.csv"}]}', "lies outside the folder"),
        ('{"resources": [{"name": "a", "path": "a"}, {"name": "a", "path": "a"}]}', "'a' stands twice"),
        ("[" * 100_000, "damaged descriptor"),
    ],
)
def test_a_damaged_or_hostile_descriptor_is_refused(package, text, said):
    (package / "datapackage.json").write_text(text)
    with pytest.raises(DataPackageError, match=said):
        read_folder(package)
    assert len(folder_problems(package)) == 1


def test_a_link_that_leaves_the_folder_is_refused(package, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (package / "edges.csv").unlink()
    (package / "edges.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(DataPackageError, match="lies outside the folder"):
        read_folder(package)


def test_a_huge_table_is_refused_unread(bare, monkeypatch):
    with (bare / "edges.csv").open("r+b") as file:
        file.truncate(2 * 1024**3)
    with pytest.raises(UntrustedFileError, match="above the limit"):
        read_folder(bare)
    assert "above the limit" in folder_problems(bare)[0].message
