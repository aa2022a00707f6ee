"""
What projects change
====================

Compare measures without and with a scenario, such as an alliance's projects.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
listed = gm.projects("US").dropna(subset=["capacity"])
cobalt = listed[
    (listed["mineral"] == "cobalt") & (listed["adds_capacity"] == "yes") & ~listed["node_id"].isin(net.nodes["node_id"])
]
built = gm.Scenario("US-backed cobalt projects").add(cobalt)
drawn = gm.figures.draw(net, ["diversification"], mineral="cobalt", scenario=built)
