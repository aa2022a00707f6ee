"""
Shares of each stage
====================

Stack countries' shares of each stage, with the range of the Herfindahl-Hirschman index.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["stage_shares"], mineral="cobalt")
