// Ce que disent les graphiques, sur toutes les pages.

import { number, plural } from "../../kit/words.js";

const products = (count) => `${number(count)} ${plural(count, "produit", "produits")}`;

export default {
  how_to_read: "Pointez un instant pour le lire, ou déplacez-vous avec les flèches du clavier.",

  metrics: (rows) => `Mesures sur ${products(rows)} que l’entraînement n’a pas vus`,
  model: "Réponse de",
  model_fused: "Les deux ensemble",
  model_text: "Texte seul",
  model_image: "Photo seule",
  model_baseline: "Modèle de texte simple",
  macro_f1: "Macro-F1",
  accuracy: "Exactitude",

  confusion: "Les confusions",
  no_confusion: "Ce modèle a été créé avant que ces chiffres soient conservés, ou compte plus de 100 catégories. Le prochain entraînement les montrera.",
  mistakes: "Confusions les plus fréquentes",
  no_mistakes: "Aucun produit du jeu de test n’a été rangé dans une autre catégorie.",
  truth: "Vraie catégorie",
  answered_as: "Réponse donnée",
  products: "Produits",
  share_of_truth: "Part de la vraie catégorie",
  matrix: "Toutes les catégories",
  confusion_corner: "Vraie \\ réponse",
  confusion_how_to_read: "Chaque ligne est une vraie catégorie, chaque colonne une catégorie répondue, par son numéro. Pointez une case, ou déplacez-vous avec les flèches, pour la lire.",
  confusion_right: ({ truth, count, sum, share }) => `${truth} : ${count} sur ${sum} bien rangés${share === null ? "" : ` (${share})`}.`,
  confusion_cell: ({ truth, answered, count, sum, share }) => `${truth} : ${count} sur ${sum}${share === null ? "" : ` (${share})`} rangés dans « ${answered} ».`,
  shades_from: "quelques produits d’une catégorie",
  shades_to: "tous",
};
