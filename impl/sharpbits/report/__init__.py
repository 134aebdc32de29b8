"""Reports of a run: for the terminal, as JSON, as JUnit XML, as one HTML page."""
