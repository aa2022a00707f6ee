"""
Chokepoints of a mineral
========================

Rank what is lost without each plant, each country's stage and each controlling country.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["chokepoints"], mineral="cobalt")
