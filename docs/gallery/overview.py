"""
Every mineral's worst stop
==========================

Rank minerals by what final products lose of each without its worst industry.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["overview"])
