"""Two legs coupled by one table, without I/O: the only place that knows SIP and law."""
