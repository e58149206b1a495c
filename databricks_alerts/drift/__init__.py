"""Whether what stands in the workspace is still what was deployed."""
