"""Words, values and field names of a catalogue."""
