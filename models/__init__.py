"""Model back-ends: the only package that imports model SDKs."""
