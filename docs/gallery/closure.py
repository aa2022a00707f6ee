"""
How well the data close
=======================

Show how well a data package closes and what its flows rest on.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["closure"], mineral="cobalt")
