"""FastAPI, SSE, LangServe."""
