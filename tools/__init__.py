"""What builds and checks the course; nothing here is needed to take it."""
