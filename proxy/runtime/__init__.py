"""The only package that touches sockets, clocks, files and logs."""
