"""
Programmes, without and with
============================

Set the losses with all projects of each programme beside those without any, all programmes together last.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["programme_dumbbells"], mineral="cobalt")
