"""The studio at ``/studio``: pages for people who change prompts, compare, release and roll back without code."""
