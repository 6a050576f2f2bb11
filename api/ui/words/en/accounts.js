// Roles, and what they may do.

export default {
  role: "Role",
  may_user: "Classifies products and catalogues, and sees what is their own.",
  may_reviewer: "Does what users do, and reads and corrects everybody’s predictions.",
  may_admin: "Does everything: reviews, manages models and users, and sees everybody’s jobs.",
};
