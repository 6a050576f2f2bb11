"""What the API says: one model per thing, each with a function that makes it of a record."""
