"""`alerts sql`: statements out of a text, their parameters, their results on the screen."""
