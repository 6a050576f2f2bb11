// Les rôles et ce qu’ils permettent.

export default {
  role: "Rôle",
  may_user: "Classe des produits et des catalogues, et voit ce qui est à lui.",
  may_reviewer: "Fait ce que font les utilisateurs, et lit et corrige les prédictions de tous.",
  may_admin: "Fait tout : relit, gère les modèles et les utilisateurs, et voit les traitements de tous.",
};
