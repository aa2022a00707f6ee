"""
As more and more goes
=====================

Follow what is still served as more and more countries are removed, the largest first or at random.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["percolation"], mineral="cobalt")
