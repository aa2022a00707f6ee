"""
What programmes keep served
===========================

Rank alliances and sponsors by what all their listed projects together keep served.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["programmes"], mineral="cobalt")
