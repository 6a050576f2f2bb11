// What charts say, whichever page they are on.

import { number, plural } from "../../kit/words.js";

const products = (count) => `${number(count)} ${plural(count, "product", "products")}`;

export default {
  how_to_read: "Point at a moment to read it, or move along with the arrow keys.",

  metrics: (rows) => `Figures on ${products(rows)} that training has not seen`,
  model: "Answered by",
  model_fused: "Both together",
  model_text: "Text alone",
  model_image: "Photo alone",
  model_baseline: "Simple text model",
  macro_f1: "Macro-F1",
  accuracy: "Accuracy",

  confusion: "What is taken for what",
  no_confusion: "This bundle was made before that was kept, or has more than 100 categories. The next training will show it.",
  mistakes: "Most frequent confusions",
  no_mistakes: "No product of the test split was put into another category.",
  truth: "True category",
  answered_as: "Answered",
  products: "Products",
  share_of_truth: "Of the true ones",
  matrix: "All categories",
  confusion_corner: "True \\ answered",
  confusion_how_to_read: "Each row is a true category, each column an answered one, by its number. Point at a cell, or move with the arrow keys, to read it.",
  confusion_right: ({ truth, count, sum, share }) => `${truth}: ${count} of ${sum} are right${share === null ? "" : ` (${share})`}.`,
  confusion_cell: ({ truth, answered, count, sum, share }) => `${truth}: ${count} of ${sum}${share === null ? "" : ` (${share})`} are answered as ${answered}.`,
  shades_from: "a few of a category’s products",
  shades_to: "all of them",
};
