// Passwords and secrets.

export default {
  password_rule: (shortest, longest) => `${shortest} to ${longest} characters, and not easy to guess: several words that do not belong together are good.`,
  password_length: (length, shortest, longest) => (length ? `This has ${length} characters; it takes ${shortest} to ${longest}.` : `Type a password of ${shortest} to ${longest} characters.`),
  show_password: "Show the password",
  once: "This is shown now and never again. Copy it to where secrets are kept, a password manager for instance.",
  kept: "I have kept it",
  copy: "Copy",
  copied: "Copied",
  copy_by_hand: "This browser does not let the page copy. The text is selected: press Ctrl+C or ⌘C.",
};
