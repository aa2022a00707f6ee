"""
Four responses
==============

Set the four losses of every mineral's worst stop on one line each: what rerouting could save.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["responses"])
