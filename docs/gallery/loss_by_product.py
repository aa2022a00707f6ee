"""
Who loses which product
=======================

Show which consuming country loses which product in a scenario.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["loss_by_product"], mineral="cobalt")
