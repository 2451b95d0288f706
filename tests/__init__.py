"""What users rely on, stated as tests; the folder mirrors `bot/`."""
