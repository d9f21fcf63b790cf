"""French law as dated data; `decide` is a function. Knows nothing of SIP, does no I/O."""
