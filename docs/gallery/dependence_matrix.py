"""
Whose mineral passed which country
==================================

Show what share of each large user's mineral passed each country, however many hands it went through.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["dependence_matrix"], mineral="cobalt")
