"""
Where it is handled
===================

Draw where a mineral is handled and its largest flows between countries.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["world_map"], mineral="cobalt")
