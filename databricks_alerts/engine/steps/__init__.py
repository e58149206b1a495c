"""What a deployment does, as data first: goals, steps, the planner that decides, the executor."""
