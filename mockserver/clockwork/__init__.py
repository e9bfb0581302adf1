"""Time: a clock that only moves forward, the line of moments that are due, and a ticker that wakes for them."""
