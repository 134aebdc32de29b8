"""The GPUs of this machine (``devices``), and one for each xdist worker (``lease``, ``plugin``)."""
