"""
Who makes most of each mineral
==============================

Show the largest maker of every mineral at every stage, and its share.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["mineral_stage_heat"])
