"""Exercises that answer back.

    from companion.exercises import check, progress

    check("8M1", idata_wide=idata, binding="...")
    progress()

A check says one of three things: **passed**, **not yet** (with a hint meant for the mistake it
recognized) or **not attempted yet** (an answer is still `...`). It never raises because an answer is
wrong. It works offline.

The modules, each one idea:

* `registry`: what an exercise is, and the decorator that turns a function into its check;
* `answers`: the questions a check asks of an answer (is it a number? a share? one of these words?);
* `fits`: the questions it asks of a fit (has the sampler converged? is the mean right?);
* `model_view`: what it sees of a model, in either library;
* `comparison`, `exact`: what checks of several chapters share;
* `guide`: where an exercise leads: its concept, the paragraph that explains it, another right way;
* `outcome`, `overview`: what the learner sees of one check, and of all;
* `progress_file`: what is remembered between sessions, and where;
* `engine`: `check` itself;
* `checks`: the checks, one module for each chapter.
"""

from companion.exercises import checks
from companion.exercises.engine import assert_all_passed, check, progress, reset_progress

__all__ = ["assert_all_passed", "check", "checks", "progress", "reset_progress"]
