"""The rules behind the textbook's claims: evidence in, a ruling with its numbers out, by theme."""
