"""Time travel: since when does it happen, and whose fault is it.

==================  =================================================================================
``stack``           a resolved set of packages; ``lock`` writes and reads it, ``dates`` reads dates
``uv``              the resolver and installer, called as a program
``resolution``      requirements and a moment → a stack; ``history``: all stacks of a period
``environments``    a stack → an environment, built once, shared, pruned
``subject``         what is run in them: a finding, a command, a test
``signature``       what a failure is recognised by
``search``          where a history turns; ``culprit``: which packages are to blame (both pure)
``steps``           which packages have to move together
``settle``          the side of a stack that varies; ``metric``: of one whose numbers scatter (both pure)
``laboratory``      runs a subject in stacks and remembers; ``state`` keeps it on disk, checked by ``checks``
``bisection``       all of the above in order; ``bisect_report`` shows what came of it
``matrix``          findings by releases, their pages and the expectation rows they imply
``requests``        from options to stacks; ``…_command``: what each command does
==================  =================================================================================
"""
