"""An executor and a task that Poolwise finds by their entry points."""
