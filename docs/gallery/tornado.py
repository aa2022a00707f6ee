"""
What moves the worst loss
=========================

Show how far each uncertain number moves the worst loss when it is at its low and at its high.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["tornado"], mineral="cobalt")
