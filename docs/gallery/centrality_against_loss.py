"""
Centrality against loss
=======================

Set measures of position against the loss they claim to predict.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["centrality_against_loss"], mineral="cobalt")
