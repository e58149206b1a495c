"""Whether alerts do what they are deployed for: the watcher of the watchers."""
