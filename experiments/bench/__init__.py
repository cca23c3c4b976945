"""`make bench`: what measuring costs, and how soon it comes to a verdict."""
