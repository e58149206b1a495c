"""The deployment gate: what a change would do, what is wrong with it, and yes or no."""
