"""``python -m sharpbits.cli``."""

from sharpbits.cli import main

main()
