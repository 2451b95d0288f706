"""What vetting looks at, one small pure module per question; `bot.vet` asks them all."""
