"""Exercises: one module for each notebook, and ``core``, which checks answers.

``from course_lib.exercises import autograd as exercise``, then
``exercise.local_derivatives.check(local_derivatives)``.
"""
