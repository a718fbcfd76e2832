"""Control and history: what the command line, the HTTP interface and SQL all stand on."""
