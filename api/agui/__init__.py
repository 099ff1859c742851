"""The door for front ends that speak AG-UI, such as CopilotKit, and the card for agents that speak A2A."""
