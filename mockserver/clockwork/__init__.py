"""Time: a clock that only moves forward, a line of due rows, and a ticker that wakes for them."""
