"""The shared state: attempts, refusals and consents of persons, in an embedded file or on Redis."""
