"""Pure decisions: given a machine, an order, an event, a moment and dice, what follows. No I/O, no clock."""
