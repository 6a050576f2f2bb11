// Son propre compte.

export default {
  title: "Votre compte",
  who: "Qui vous êtes",
  username: "Nom d’utilisateur",
  since: "Depuis",

  usage: "Ce que vous avez utilisé",
  products: "Produits aujourd’hui",
  products_of: (used, most) => `${used} sur ${most}`,
  products_hint: (when) => `Le compte repart de zéro à ${when}, minuit UTC. Chaque ligne d’un fichier compte pour un.`,
  stored: "Photos et fichiers",
  stored_hint: "Supprimer des catalogues fait de la place.",

  password: "Mot de passe",
  password_lead: "Toutes les sessions de ce compte prennent fin, sur les autres ordinateurs aussi. Ici, vous restez connecté.",
  current: "Mot de passe actuel",
  current_missing: "Saisissez le mot de passe que vous avez aujourd’hui.",
  new: "Nouveau mot de passe",
  change: "Changer le mot de passe",
  changed: "Votre mot de passe est changé. Toutes les autres sessions ont pris fin.",
  changed_only: (what) => `Votre mot de passe est changé, mais la connexion avec celui-ci a échoué : ${what}`,
  changed_only_todo: "Reconnectez-vous avec le nouveau mot de passe.",

  display: "Langue et apparence",
  display_hint: "Retenues dans ce navigateur.",
  language: "Langue des pages",
  appearance: "Apparence",
  appearance_system: "Comme le système",
  appearance_light: "Claire",
  appearance_dark: "Sombre",
};
