"""What `shelfwise doctor` looks at, one file a group of things."""
