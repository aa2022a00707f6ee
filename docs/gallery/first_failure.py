"""
Which product fails first
=========================

Mark the day on which each product first fails in a scenario.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["first_failure"], mineral="cobalt")
