"""The bundled print-shop catalogue, its simulated shoppers and the scripted demonstration."""
