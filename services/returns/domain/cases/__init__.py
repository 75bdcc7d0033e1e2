"""A return of one order: goods, courier and money."""
