"""`make bench`: what measuring costs, how soon it comes to a verdict, how the grid grows."""
