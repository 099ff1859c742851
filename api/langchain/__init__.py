"""The recommender as a part of other people's LangChain agents and LangGraph graphs."""
