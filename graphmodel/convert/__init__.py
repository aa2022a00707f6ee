"""Networks to files and other graph packages, and back; results to the tables of other models."""

from __future__ import annotations

from graphmodel.convert.factors import to_factors
from graphmodel.convert.files import Format, format_of, read, write
from graphmodel.convert.folder import (
    extra_tables,
    folder_problems,
    read_folder,
    read_table,
    update_descriptor,
    write_folder,
)
from graphmodel.convert.graphs import from_igraph, from_networkx, to_igraph, to_networkx
from graphmodel.convert.iamc import to_iamc
from graphmodel.convert.labelled import to_xarray
from graphmodel.convert.markup import read_gexf, read_graphml, write_gexf, write_graphml
from graphmodel.convert.node_link import read_json, write_json
from graphmodel.convert.parquet import read_parquet, write_parquet
from graphmodel.convert.satellite import to_satellite

__all__ = [
    "Format",
    "extra_tables",
    "folder_problems",
    "format_of",
    "from_igraph",
    "from_networkx",
    "read",
    "read_folder",
    "read_gexf",
    "read_graphml",
    "read_json",
    "read_parquet",
    "read_table",
    "to_factors",
    "to_iamc",
    "to_igraph",
    "to_networkx",
    "to_satellite",
    "to_xarray",
    "update_descriptor",
    "write",
    "write_folder",
    "write_gexf",
    "write_graphml",
    "write_json",
    "write_parquet",
]
