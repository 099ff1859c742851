"""VLLM as a process."""
