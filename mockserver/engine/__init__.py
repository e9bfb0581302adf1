"""Pure decisions: from a machine, an order, an event, a moment and dice to a step. No I/O, no clock."""
