"""Around every request, before any route is asked: how long it is, how slow, at what address, what is noted of it."""
