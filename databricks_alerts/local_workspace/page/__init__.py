"""The workspace's web page: rendered here, without scripts."""
