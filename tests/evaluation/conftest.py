"""Small motion of several people, and a protocol that measures one of them."""

from tests.small_motion import motion, protocol

__all__ = ["motion", "protocol"]
