"""sharpbits: the sharp bits of Catalyst, Lightning, JAX and torch.compile, as an executable catalogue.

The command line is ``sharpbits check`` (:mod:`sharpbits.cli`), the pytest plugin :mod:`sharpbits.plugin`; what a
finding is and how one is run and judged stands in :mod:`sharpbits.catalogue`.
"""
