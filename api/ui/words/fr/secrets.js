// Les mots de passe et les secrets.

export default {
  password_rule: (shortest, longest) => `De ${shortest} à ${longest} caractères, et difficile à deviner : plusieurs mots sans rapport entre eux conviennent bien.`,
  password_length: (length, shortest, longest) => (length ? `Il y a ${length} caractères ; il en faut de ${shortest} à ${longest}.` : `Saisissez un mot de passe de ${shortest} à ${longest} caractères.`),
  show_password: "Afficher le mot de passe",
  once: "Ceci s’affiche maintenant et plus jamais ensuite. Copiez-le là où vous gardez vos secrets, par exemple dans un gestionnaire de mots de passe.",
  kept: "C’est noté",
  copy: "Copier",
  copied: "Copié",
  copy_by_hand: "Ce navigateur ne laisse pas la page copier. Le texte est sélectionné : appuyez sur Ctrl+C ou ⌘C.",
};
