"""
When two stop together
======================

Show what is lost when two countries stop together, and each alone.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["pairs"], mineral="cobalt")
