"""Judge answers to frozen cases and compare versions; plain values, no I/O."""
