"""
How firm the ranking is
=======================

Show between which ranks the worst stops of countries' industries lie, over draws and reconstructions.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["rank_stability"], mineral="cobalt")
