"""The only package that uses LangGraph: state, nodes and the recommendation graph."""
