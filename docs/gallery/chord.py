"""
Trade in all forms
==================

Draw the trade of a mineral between countries as ribbons in a circle.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["chord"], mineral="cobalt")
