"""Tell other systems what happens: signed messages, kept until they are delivered."""
