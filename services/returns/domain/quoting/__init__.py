"""What comes back, exactly, before the customer commits."""
