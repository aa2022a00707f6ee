"""
When projects start
===================

Show how much planned capacity starts in which year at each stage, and how much of it is likely to.
"""

import graphmodel as gm

net = gm.load("minerals-2024")
drawn = gm.figures.draw(net, ["project_timeline"], mineral="cobalt")
