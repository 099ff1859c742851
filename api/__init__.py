"""The doors: FastAPI application, LangServe routes and the command line."""
