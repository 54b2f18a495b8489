"""What one chapter needs, apart from the taught code.

====================  ==========================================================
``quiz``              00: a self-test of what the course builds on
``landscapes``        02, 03: test functions of two parameters, minima known
``descent``           02, 03: gradient descent, iterate by iterate; loss grids
``contraction``       03: gradient descent on a quadratic, and its regimes
``optimizer_race``    03: optimizers compared over many learning rates
``robot``             04: a kinematic chain, posed by gradient descent
``mlp``               05: MLPs trained in one program; gradient norms by layer
``experiments``       07: tiny GPTs trained and tested on sentences
``costs``             07: what training costs, and published runs
``scale``             08: operations, bytes and seconds, on one device and many
``stopwatch``         08: how long a computation takes, and the best rate here
``assistant``         09: models that are taught to answer, and examined
``calibration``       09: whether a model is as often right as it is sure
``retrieval``         09: a search by counted words
====================  ==========================================================
"""
