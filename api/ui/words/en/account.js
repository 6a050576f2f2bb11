// One's own account.

export default {
  title: "Your account",
  who: "Who you are",
  username: "User name",
  since: "Since",

  usage: "What you have used",
  products: "Products today",
  products_of: (used, most) => `${used} of ${most}`,
  products_hint: (when) => `Counted anew from ${when}, which is midnight UTC. Each row of a file is one.`,
  stored: "Photos and files",
  stored_hint: "Deleting catalogues makes room.",

  password: "Password",
  password_lead: "All sessions of this account end, on other computers too. Here you stay signed in.",
  current: "Current password",
  current_missing: "Type the password that you have now.",
  new: "New password",
  change: "Change the password",
  changed: "Your password is changed. All other sessions have ended.",
  changed_only: (what) => `Your password is changed, but signing in with it failed: ${what}`,
  changed_only_todo: "Sign in again with the new password.",

  display: "Language and appearance",
  display_hint: "Remembered in this browser.",
  language: "Language of the pages",
  appearance: "Appearance",
  appearance_system: "As the system",
  appearance_light: "Light",
  appearance_dark: "Dark",
};
