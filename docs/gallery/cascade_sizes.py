"""
How large losses are
====================

Show how losses spread over all single stops: how many lose little, and how much the few worst do.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["cascade_sizes"], mineral="cobalt")
