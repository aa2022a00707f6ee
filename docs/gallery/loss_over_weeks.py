"""
Losses week by week
===================

Follow week by week what is lost of each product in a scenario.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["loss_over_weeks"], mineral="cobalt")
