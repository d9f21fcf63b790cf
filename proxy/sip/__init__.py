"""SIP as data and tables: bytes in, bytes out. Knows nothing of law, does no I/O."""
