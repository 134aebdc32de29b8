"""Four ways of computing the same gradient: ``vmap``, ``map``, ``native`` and ``fused``, one file each."""

from sharpbits.classifier.modes.base import Epoch, Mode, Setup, State
from sharpbits.classifier.modes.registry import DEVICES, MODES, choose, get_mode

__all__ = ["DEVICES", "MODES", "Epoch", "Mode", "Setup", "State", "choose", "get_mode"]
