"""Orders as the shop sold them, with what each unit really cost frozen for ever."""
