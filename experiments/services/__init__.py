"""The real servers that waiting tasks talk to, each started in a process of its own."""
