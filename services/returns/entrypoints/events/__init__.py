"""Events of others, and the clock."""
