"""Performance gates: claims of the form "ours is at least N times as fast as theirs", and comparisons with last time.

===============  =====================================================================================
``contest``      two contestants taking turns in one process, and the verdict on their ratio
``bounds``       the statistics behind it
``instruments``  device synchronisation, thread counts, peak memory
``agreement``    the results must be the same before their times count
``plugin``       the pytest fixture ``contest``, on top of pytest-benchmark's storage
``storage``      stored runs, read and checked
``comparison``   a stored run held against a reference: ``sharpbits gate --against``
``report``       the comparison in the terminal, as Markdown, as HTML with plots of history
===============  =====================================================================================
"""
