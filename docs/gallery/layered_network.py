"""
Which plant feeds which
=======================

Draw nodes in columns by stage, and the largest links between them.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["layered_network"], mineral="cobalt")
