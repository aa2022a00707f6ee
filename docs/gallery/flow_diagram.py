"""
From mine to use
================

Draw what flows from mine to use, stage by stage and country by country, with recycling below.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["flow_diagram"], mineral="cobalt")
