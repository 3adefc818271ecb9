"""A controller with its devices by another maker, who had nothing but the description of the wire.

It is a program of its own: paho-mqtt, the standard library and this folder are all that it uses.
"""

from typing import Any

Message = dict[str, Any]
