// Ce qui n’a pas fonctionné, d’après le code du service, et ce qu’il faut faire.

import { bytes, number } from "../../kit/words.js";
import { after, column, figure, quoted } from "../details.js";
import { saidInFrench } from "../hosts.js";

const AGAIN = "Réessayez dans un instant. Si cela persiste, prévenez les personnes qui exploitent ce service.";
const RELOAD = "Rechargez la page et réessayez. Si cela persiste, prévenez les personnes qui exploitent ce service.";
const SIGN_IN = "Reconnectez-vous.";
const PACK = "Décompressez-le, puis remettez le tableau et ses photos dans un simple ZIP.";
const SAVE_TEXT = "Enregistrez-le en CSV, en UTF-8, et envoyez ce fichier.";
const NARROW = "Retirez ce qui n’est pas nécessaire, ou partagez-le en plusieurs fichiers.";
const COLUMNS = {
  product_id: "La référence du produit", image_id: "La référence de la photo", designation: "Le titre", description: "La description",
  image: "La photo", image_url: "L’adresse de la photo", prdtypecode: "Le code de la catégorie",
};
const ROLES = { user: "utilisateur", reviewer: "relecteur", admin: "administrateur" };

const named = (detail, otherwise) => COLUMNS[column(detail)] ?? otherwise;

export default {
  // La connexion au service
  NETWORK: "Le service n’a pas répondu.",
  "NETWORK.todo": "Vérifiez la connexion et réessayez. Rien de ce que vous avez saisi n’est perdu.",
  UNREADABLE: ({ status }) => `Entre cette page et le service, quelque chose a répondu ${status}.`,
  "UNREADABLE.todo": "Réessayez dans un instant. Si cela persiste, prévenez les personnes qui exploitent ce service ou votre réseau.",

  // Tout appel
  INVALID_HOST: "Le service ne répond pas à cette adresse.",
  "INVALID_HOST.todo": "Ouvrez la page à l’adresse que vous ont donnée les personnes qui exploitent ce service.",
  UNAUTHENTICATED: "Vous n’êtes plus connecté.",
  "UNAUTHENTICATED.todo": SIGN_IN,
  FORBIDDEN: ({ detail }) => (ROLES[after(detail, "role")] ? `Il faut pour cela le rôle ${ROLES[after(detail, "role")]}.` : "Votre rôle ne le permet pas."),
  "FORBIDDEN.todo": "Demandez à un administrateur de le faire, ou de vous donner un autre rôle.",
  NOT_FOUND: ({ detail }) => `${NOUNS[/no such (\w+)/.exec(detail)?.[1]] ?? "Cet élément"} n’existe pas, ou n’existe plus.`,
  "NOT_FOUND.todo": "Revenez à la liste et cherchez-y : il se peut que quelqu’un l’ait supprimé entre-temps.",
  METHOD_NOT_ALLOWED: "La page a demandé quelque chose que le service ne connaît pas.",
  "METHOD_NOT_ALLOWED.todo": RELOAD,
  REQUEST_TIMEOUT: "La connexion était trop lente : l’envoi n’est pas arrivé à temps.",
  "REQUEST_TIMEOUT.todo": "Vérifiez la connexion, puis renvoyez-le.",
  BODY_TOO_LARGE: ({ detail }) => (figure(detail) ? `L’envoi est trop volumineux : le maximum est de ${bytes(figure(detail))}.` : "L’envoi est trop volumineux."),
  "BODY_TOO_LARGE.todo": "Prenez une photo plus petite, ou partagez le fichier en plusieurs.",
  UNSUPPORTED_MEDIA_TYPE: "Le service ne lit pas ce type de fichier.",
  "UNSUPPORTED_MEDIA_TYPE.todo": "Envoyez un catalogue en CSV, TSV, NDJSON, Parquet, XLSX ou ZIP, une photo en JPEG, PNG, WebP ou GIF.",
  VALIDATION: "Une partie de la saisie n’est pas valable.",
  "VALIDATION.todo": "Corrigez ce qui est indiqué et réessayez.",
  INVALID_JSON: "Ce n’est pas un objet JSON.",
  "INVALID_JSON.todo": "Dans un fichier de lignes JSON, chaque ligne doit être un objet à part, entre accolades. S’il ne s’agit pas d’un fichier, rechargez la page.",
  INVALID_CURSOR: "La suite de la liste n’est plus accessible d’ici.",
  "INVALID_CURSOR.todo": "Rechargez la page pour reprendre la liste au début.",
  QUOTA_REQUESTS: ({ detail }) => (figure(detail) ? `Un compte a droit à ${number(figure(detail))} demandes par minute, et le vôtre les a faites.` : "Votre compte fait trop de demandes."),
  "QUOTA_REQUESTS.todo": "Attendez une minute et réessayez. Les programmes qui utilisent votre compte comptent aussi.",
  REQUEST_HEADER_FIELDS_TOO_LARGE: "Le navigateur joint à ses demandes plus que le service n’accepte.",
  "REQUEST_HEADER_FIELDS_TOO_LARGE.todo": "Supprimez les cookies de ce site dans les réglages du navigateur, puis reconnectez-vous.",
  INTERNAL: "Une erreur s’est produite dans le service.",
  "INTERNAL.todo": "Réessayez dans un instant. Si cela persiste, prévenez les personnes qui exploitent ce service, avec le numéro de la requête.",
  UNAVAILABLE: "Une partie du service ne répond pas en ce moment.",
  "UNAVAILABLE.todo": AGAIN,

  // La connexion de la personne
  INVALID_REQUEST: "Il manque le nom ou le mot de passe.",
  "INVALID_REQUEST.todo": "Remplissez les deux et connectez-vous.",
  UNSUPPORTED_GRANT_TYPE: "Le service ne connaît pas cette façon de se connecter.",
  "UNSUPPORTED_GRANT_TYPE.todo": RELOAD,
  UNSUPPORTED_TOKEN_TYPE: "Ce type de session ne peut pas être terminé à part.",
  "UNSUPPORTED_TOKEN_TYPE.todo": "Attendez un quart d’heure : elle se termine d’elle-même.",
  INVALID_CREDENTIALS: "Le nom ou le mot de passe est faux.",
  "INVALID_CREDENTIALS.todo": "Attention aux majuscules ; réessayez. Si vous avez oublié le mot de passe, un administrateur peut vous en donner un autre.",
  INVALID_CLIENT: "Le nom du compte de service ou son secret est faux.",
  "INVALID_CLIENT.todo": "Vérifiez les deux. Un administrateur peut donner un nouveau secret à ce compte.",
  INVALID_GRANT: "Votre session est terminée.",
  "INVALID_GRANT.todo": SIGN_IN,
  TOO_MANY_SIGN_INS: "Il y a eu trop d’essais avec un mauvais mot de passe.",
  "TOO_MANY_SIGN_INS.todo": "Attendez un peu avant le prochain. Un administrateur peut donner un autre mot de passe.",
  CROSS_ORIGIN: "Cette page n’a pas été ouverte à l’adresse du service.",
  "CROSS_ORIGIN.todo": "Ouvrez l’adresse du service dans un onglet à part et connectez-vous là.",

  // Les comptes
  USERNAME_TAKEN: ({ detail }) => (quoted(detail) ? `Le nom « ${quoted(detail)} » est déjà pris.` : "Ce nom est déjà pris."),
  "USERNAME_TAKEN.todo": "Choisissez un autre nom.",
  INVALID_USERNAME: "Ce nom contient des caractères qui n’y sont pas permis.",
  "INVALID_USERNAME.todo": "Prenez de 1 à 64 lettres sans accent, chiffres, points, traits d’union, traits de soulignement ou arobases.",
  WEAK_PASSWORD: ({ detail }) => (figure(detail) ? `Un mot de passe a de ${detail.match(/\d+/g).join(" à ")} caractères.` : "Ce mot de passe est trop facile à deviner."),
  "WEAK_PASSWORD.todo": "Prenez plusieurs mots sans rapport entre eux, ou un mot de passe d’un gestionnaire de mots de passe.",
  WRONG_PASSWORD: "Le mot de passe actuel est faux.",
  "WRONG_PASSWORD.todo": "Saisissez celui avec lequel vous vous connectez aujourd’hui. Si vous l’avez oublié, un administrateur peut vous en donner un autre.",
  SERVICE_ACCOUNT: "Un compte de service a un secret, pas de mot de passe.",
  "SERVICE_ACCOUNT.todo": "Demandez à un administrateur de lui donner un nouveau secret, à la page Utilisateurs.",
  NOT_A_SERVICE_ACCOUNT: "Une personne a un mot de passe, pas de secret.",
  "NOT_A_SERVICE_ACCOUNT.todo": "Donnez plutôt un nouveau mot de passe à cette personne.",
  LAST_ADMIN: "C’est le dernier administrateur qui puisse se connecter.",
  "LAST_ADMIN.todo": "Donnez d’abord le rôle d’administrateur à une autre personne.",

  // Les produits
  WRONG_TYPE: ({ detail }) => `${named(detail, "La valeur")} n’est pas du bon type : il faut ${/number/.test(detail) ? "un nombre" : "un texte"}.`,
  "WRONG_TYPE.todo": "Mettez-y une simple valeur, pas de liste ni de tableau dans une cellule.",
  UNKNOWN_FIELD: "Un champ que le service ne connaît pas a été envoyé.",
  "UNKNOWN_FIELD.todo": RELOAD,
  DUPLICATE_FIELD: "Un champ a été envoyé deux fois.",
  "DUPLICATE_FIELD.todo": "Envoyez-le une seule fois. Si vous avez rempli le formulaire de cette page, rechargez-la.",
  TOO_LONG: ({ detail }) => (column(detail) && figure(detail)
    ? `${named(detail)} a plus de caractères que le maximum, ${number(figure(detail))}.`
    : "C’est plus long que ce qui est lu."),
  "TOO_LONG.todo": "Raccourcissez le texte.",
  INVALID_TEXT: ({ detail }) => `${named(detail, "La ligne")} contient des caractères qui ne sont pas du texte.`,
  "INVALID_TEXT.todo": "Saisissez le texte à nouveau. Pour un fichier : enregistrez-le en UTF-8, ou indiquez son encodage à l’envoi.",
  INVALID_FORM: "L’envoi est illisible.",
  "INVALID_FORM.todo": "Choisissez le fichier à nouveau et renvoyez-le.",
  INVALID_BASE64: "La photo n’est pas écrite en Base64.",
  "INVALID_BASE64.todo": "Écrivez les octets de la photo en Base64, sans « data: » devant, ou mettez les photos dans un ZIP avec le tableau.",
  BROKEN_IMAGE: "La photo est illisible : elle est abîmée, incomplète, ou n’est pas un JPEG, PNG, WebP ou GIF.",
  "BROKEN_IMAGE.todo": "Ouvrez-la dans un éditeur d’images, enregistrez-la en JPEG ou PNG, et prenez ce fichier.",
  IMAGE_TOO_LARGE: ({ detail }) => tooLarge(detail),
  "IMAGE_TOO_LARGE.todo": "Réduisez la photo : quelques centaines de pixels de côté suffisent pour reconnaître un produit.",
  TWO_IMAGES: "Il y a une photo, et l’adresse d’une photo.",
  "TWO_IMAGES.todo": "Retirez l’une des deux.",
  IMAGE_URL_REFUSED: ({ detail }) => saidInFrench(detail) ?? "L’adresse de la photo n’est pas acceptée.",
  "IMAGE_URL_REFUSED.todo": "Donnez une adresse qui commence par https:// et que tout le monde peut ouvrir, ou envoyez la photo elle-même.",
  EMPTY_PRODUCT: "Il n’y a ni texte lisible ni photo.",
  "EMPTY_PRODUCT.todo": "Indiquez un titre, une description ou une photo.",
  MISSING_FIELD: ({ detail }) => `${named(detail, "Un champ nécessaire")} manque.`,
  "MISSING_FIELD.todo": "Ajoutez-le. Un produit étiqueté a besoin d’une référence et du code d’une catégorie.",
  UNKNOWN_CATEGORY: ({ detail }) => (figure(detail) === null ? "Cette catégorie n’existe pas." : `La catégorie ${figure(detail)} n’existe pas.`),
  "UNKNOWN_CATEGORY.todo": "Choisissez une catégorie existante, ou demandez à un administrateur de déclarer la nouvelle.",
  UNKNOWN_PRODUCT: "Il n’y a qu’une référence, et aucun produit étiqueté ne la porte.",
  "UNKNOWN_PRODUCT.todo": "Indiquez aussi un titre, une description ou une photo.",
  INVALID_IDEMPOTENCY_KEY: "La clé qui évite un double envoi n’est pas valable.",
  "INVALID_IDEMPOTENCY_KEY.todo": RELOAD,
  IDEMPOTENCY_KEY_REUSED: "Autre chose a déjà été envoyé sous la même clé.",
  "IDEMPOTENCY_KEY_REUSED.todo": "Regardez dans la liste s’il y est déjà. Sinon, rechargez la page et renvoyez-le.",
  QUOTA_ROWS: ({ detail }) => (figure(detail) ? `Un compte a droit à ${number(figure(detail))} produits par jour, et le vôtre les a envoyés.` : "Votre compte a envoyé tous les produits permis aujourd’hui."),
  "QUOTA_ROWS.todo": "Continuez après minuit UTC : ce qui reste pourra être relancé. Un administrateur peut faire relever la limite.",
  QUOTA_STORED_BYTES: ({ detail }) => (figure(detail) ? `Votre compte a atteint sa limite : ${bytes(figure(detail))} de photos et de fichiers.` : "Votre compte conserve déjà toutes les photos et tous les fichiers permis."),
  "QUOTA_STORED_BYTES.todo": "Supprimez des catalogues dont vous n’avez plus besoin, et réessayez dans une minute.",
  STORAGE_FULL: "Le service n’a plus de place sur son disque et n’accepte rien de nouveau.",
  "STORAGE_FULL.todo": "Prévenez les personnes qui exploitent ce service. Supprimer des catalogues inutiles fait de la place.",
  UNKNOWN_WEBHOOK: "Vous n’avez pas de webhook à cette adresse.",
  "UNKNOWN_WEBHOOK.todo": "Enregistrez-le à la page Webhooks, ou choisissez-en un qui existe.",

  // Les catalogues, à l’envoi
  EMPTY_BODY: "Le fichier est vide.",
  "EMPTY_BODY.todo": "Vérifiez qu’il a été enregistré, et choisissez-le à nouveau.",
  INVALID_COLUMNS: "Ce qui a été dit des colonnes est illisible.",
  "INVALID_COLUMNS.todo": "Indiquez à nouveau quelle colonne est laquelle.",
  UNKNOWN_COLUMN: "Une colonne que le service ne connaît pas a été nommée.",
  "UNKNOWN_COLUMN.todo": "Choisissez parmi : référence du produit, référence de la photo, titre, description, photo et code de la catégorie.",
  DUPLICATE_COLUMN: "Une même colonne s’y trouve deux fois.",
  "DUPLICATE_COLUMN.todo": "Gardez-en une : renommez ou supprimez l’autre dans le fichier, ou n’en choisissez qu’une ici.",
  UNKNOWN_ENCODING: "Le service ne connaît pas cet encodage.",
  "UNKNOWN_ENCODING.todo": "Laissez le service le trouver, ou prenez UTF-8, ISO 8859-1 ou Windows 1252.",
  INVALID_DELIMITER: "Ceci ne peut pas séparer les cellules d’une ligne.",
  "INVALID_DELIMITER.todo": "Laissez le service le trouver, ou prenez la virgule, le point-virgule, la tabulation ou la barre verticale.",
  EXPIRES_TOO_LATE: ({ detail }) => (figure(detail) ? `Un traitement peut durer ${number(figure(detail) / 86400, 1)} jours au plus.` : "C’est plus long qu’un traitement ne peut durer."),
  "EXPIRES_TOO_LATE.todo": "Choisissez une durée plus courte.",

  // Les traitements, les prédictions et les photos
  JOB_ENDED: "C’est déjà terminé.",
  "JOB_ENDED.todo": "Rechargez la page pour voir le résultat.",
  JOB_NOT_ENDED: "Ce n’est pas encore terminé.",
  "JOB_NOT_ENDED.todo": "Attendez la fin, ou annulez d’abord.",
  JOB_IN_USE: "Un autre traitement reprend ses lignes en ce moment.",
  "JOB_IN_USE.todo": "Attendez la fin de celui-ci, ou annulez-le d’abord.",
  NOTHING_FAILED: "Aucune de ses lignes n’a échoué.",
  "NOTHING_FAILED.todo": "Il n’y a rien à relancer. Pour tout reclasser, relancez toutes les lignes.",
  ROWS_GONE: "Le fichier et ses lignes ne sont plus conservés.",
  "ROWS_GONE.todo": "Envoyez le fichier à nouveau.",
  TOO_WIDE: "Cet ordre ne vaut que pour les produits à relire, ou pour un seul catalogue.",
  "TOO_WIDE.todo": "Choisissez les produits à relire, ou un catalogue, ou classez par date.",
  NOT_A_RERUN: "Il n’y a pas de traitement précédent à comparer.",
  "NOT_A_RERUN.todo": "Affichez toutes les lignes. Seul un catalogue relancé a des changements, tant que le traitement précédent est conservé.",
  NOT_PREDICTED: "Rien n’a été prédit pour ce produit.",
  "NOT_PREDICTED.todo": "Attendez la fin de son catalogue. Si le produit a échoué, corrigez-le et renvoyez-le.",
  TOO_MANY_STREAMS: "Trop de choses sont ouvertes en même temps.",
  "TOO_MANY_STREAMS.todo": "Fermez d’autres onglets de cette page, attendez la fin des téléchargements, et réessayez.",
  TOO_MANY_UPLOADS: "Trop de fichiers sont envoyés en même temps.",
  "TOO_MANY_UPLOADS.todo": "Attendez que l’un d’eux soit envoyé, et réessayez.",
  FILE_NOT_READ_YET: "Le fichier n’a pas encore été examiné.",
  "FILE_NOT_READ_YET.todo": "Réessayez dans un instant.",
  TOO_LARGE_FOR_XLSX: "C’est plus qu’une feuille de calcul ne peut contenir.",
  "TOO_LARGE_FOR_XLSX.todo": "Téléchargez-le en CSV ou en Parquet.",
  RESULTS_GONE: "Les lignes ne sont plus conservées.",
  "RESULTS_GONE.todo": "Envoyez le fichier à nouveau.",
  IMAGE_MISSING: "La photo n’est plus conservée, ou elle y est abîmée.",
  "IMAGE_MISSING.todo": "Renvoyez le produit avec sa photo.",

  // Les webhooks
  WEBHOOK_URL_REFUSED: ({ detail }) => saidInFrench(detail) ?? "Cette adresse n’est pas acceptée.",
  "WEBHOOK_URL_REFUSED.todo": "Prenez une adresse qui commence par https:// et que tout le monde peut atteindre. Pour une adresse de votre réseau, demandez aux personnes qui exploitent ce service de l’autoriser.",
  WEBHOOK_EXISTS: "Vous avez déjà un webhook à cette adresse.",
  "WEBHOOK_EXISTS.todo": "Modifiez celui-là, ou prenez une autre adresse.",
  TOO_MANY_WEBHOOKS: ({ detail }) => (figure(detail) ? `Un compte a ${number(figure(detail))} webhooks au plus.` : "Vous avez déjà tous les webhooks permis."),
  "TOO_MANY_WEBHOOKS.todo": "Supprimez-en un dont vous n’avez pas besoin.",
  WEBHOOK_INACTIVE: "Le webhook n’est pas actif.",
  "WEBHOOK_INACTIVE.todo": "Activez-le d’abord.",
  TOO_MANY_WEBHOOK_CALLS: "Trop de webhooks sont vérifiés ou testés en même temps.",
  "TOO_MANY_WEBHOOK_CALLS.todo": "Attendez un instant et réessayez.",

  // Les versions du modèle
  BUNDLE_REFUSED: ({ detail }) => `Ce modèle est abîmé ou ne donne pas les réponses prévues (${detail})`,
  "BUNDLE_REFUSED.todo": "Celui qui était actif le reste. Demandez aux personnes qui l’ont entraîné de le publier à nouveau.",

  // Ce qui ne va pas dans une ligne
  MALFORMED_ROW: ({ detail }) => {
    const [, cells, width] = /has (\d+) cells, and the table (\d+) columns/.exec(detail) ?? [];
    return cells ? `La ligne a ${number(Number(cells))} cellules, et le tableau ${number(Number(width))} colonnes.` : "La ligne a un guillemet qui ne se ferme pas à la fin de sa cellule.";
  },
  "MALFORMED_ROW.todo": "Mettez entre guillemets les textes qui contiennent le séparateur, des guillemets ou des sauts de ligne, ou enregistrez le tableau en XLSX.",
  IMAGE_NOT_FOUND: ({ detail }) => (/archive/.test(detail) ? "Cette photo n’est pas dans le ZIP." : "Une photo est une adresse, le SHA-256 d’une photo, ou un fichier du même ZIP."),
  "IMAGE_NOT_FOUND.todo": "Mettez la photo dans le ZIP sous le nom que donne la ligne, ou donnez son adresse en https://.",
  IMAGE_UNKNOWN: "Vous n’avez pas envoyé de photo avec ce SHA-256.",
  "IMAGE_UNKNOWN.todo": "Envoyez la photo elle-même, ou son adresse.",
  IMAGE_FETCH_FAILED: ({ detail }) => saidInFrench(detail) ?? "La photo n’a pas pu être téléchargée.",
  "IMAGE_FETCH_FAILED.todo": "Vérifiez que tout le monde peut ouvrir l’adresse de la photo, puis relancez les lignes qui ont échoué.",
  PREDICTION_FAILED: "Le modèle a échoué plusieurs fois sur ce produit.",
  "PREDICTION_FAILED.todo": "Relancez-le une fois. Si cela persiste, prévenez les personnes qui exploitent ce service.",

  // Ce qui ne va pas dans un fichier
  EMPTY_CATALOGUE: "Le fichier est vide, ou n’a qu’un en-tête sans lignes.",
  "EMPTY_CATALOGUE.todo": "Vérifiez qu’il a été enregistré avec ses lignes, et renvoyez-le.",
  WRONG_FORMAT: ({ detail }) => {
    const [, sent] = /sent as (\w+)/.exec(detail) ?? [];
    return sent ? `Le fichier a été envoyé comme ${sent}, et n’en est pas.` : "Le fichier est d’un autre format que celui indiqué.";
  },
  "WRONG_FORMAT.todo": "Choisissez le format du fichier, ou enregistrez-le dans celui que dit son nom.",
  BROKEN_HEADER: "L’en-tête du fichier n’est pas du texte, ou il est trop long.",
  "BROKEN_HEADER.todo": `Nommez les colonnes dans la première ligne, en 500 caractères au plus. ${SAVE_TEXT}`,
  NO_KNOWN_COLUMN: ({ detail }) => {
    const there = /the file has (.*?)\. It needs/.exec(detail)?.[1];
    return there && there !== "none" ? `Aucune colonne n’est connue. Le fichier a : ${there}.` : "Aucune colonne du fichier n’est connue.";
  },
  "NO_KNOWN_COLUMN.todo": "Renvoyez-le en indiquant quelle colonne est le titre, la description ou la photo.",
  COLUMN_NOT_FOUND: ({ detail }) => {
    const theirs = /says that \w+ is in (.*?)[;,] /.exec(detail)?.[1];
    return theirs ? `Le fichier n’a pas de colonne « ${theirs} », qui a pourtant été choisie.` : "Le fichier n’a pas une colonne qui a été choisie.";
  },
  "COLUMN_NOT_FOUND.todo": "Renvoyez-le en choisissant parmi les colonnes du fichier.",
  TOO_MANY_COLUMNS: ({ detail }) => (figure(detail) ? `Il y a plus de colonnes que ce qui est lu : ${number(figure(detail))} d’après le service.` : "Il y a trop de colonnes."),
  "TOO_MANY_COLUMNS.todo": `Supprimez les colonnes inutiles ; ${number(1000)} au plus sont lues.`,
  TOO_MANY_ROWS: ({ detail }) => (figure(detail) ? `Le fichier a plus de ${number(figure(detail))} lignes.` : "Le fichier a trop de lignes."),
  "TOO_MANY_ROWS.todo": "Partagez-le en plusieurs fichiers.",
  UNPACKED_TOO_LARGE: ({ detail }) => (figure(detail) ? `Le fichier dépasse ${bytes(figure(detail))} une fois décompressé.` : "Le fichier est trop volumineux une fois décompressé."),
  "UNPACKED_TOO_LARGE.todo": NARROW,
  BROKEN_GZIP: "Le fichier compressé est abîmé ou incomplet.",
  "BROKEN_GZIP.todo": "Compressez-le à nouveau, ou envoyez-le sans le compresser.",
  BROKEN_PARQUET: "Le fichier Parquet est abîmé ou incomplet.",
  "BROKEN_PARQUET.todo": "Écrivez-le à nouveau, sans chiffrement, et envoyez ce fichier.",
  BROKEN_WORKBOOK: "Le classeur est abîmé, ou il a un mot de passe.",
  "BROKEN_WORKBOOK.todo": "Ouvrez-le, enregistrez-le à nouveau en XLSX sans mot de passe, et envoyez ce fichier.",
  WORKBOOK_TOO_LARGE: "Le classeur demande trop de mémoire ou de temps à la lecture.",
  "WORKBOOK_TOO_LARGE.todo": "Enregistrez-le en CSV et envoyez ce fichier.",
  BROKEN_ARCHIVE: "Le ZIP est abîmé ou incomplet.",
  "BROKEN_ARCHIVE.todo": PACK,
  NO_TABLE: "Il n’y a pas de tableau dans le ZIP.",
  "NO_TABLE.todo": "Mettez-y un fichier avec les produits : CSV, TSV, NDJSON, Parquet ou XLSX.",
  TWO_TABLES: "Il y a plus d’un tableau dans le ZIP.",
  "TWO_TABLES.todo": "Laissez-y un seul tableau, et envoyez les autres à part.",
  ARCHIVE_TOO_LARGE: ({ detail }) => (figure(detail) ? `Le ZIP dépasse ${bytes(figure(detail))} une fois décompressé.` : "Le ZIP est trop volumineux une fois décompressé."),
  "ARCHIVE_TOO_LARGE.todo": NARROW,
  ARCHIVE_TOO_MANY_FILES: ({ detail }) => (figure(detail) ? `Le ZIP a plus de ${number(figure(detail))} fichiers.` : "Le ZIP a trop de fichiers."),
  "ARCHIVE_TOO_MANY_FILES.todo": "Partagez-le en plusieurs, chacun avec les lignes dont il a les photos.",
  ARCHIVE_RATIO: "Le ZIP a un fichier compressé à moins d’un centième de sa taille, ce qui n’est pas plausible.",
  "ARCHIVE_RATIO.todo": "Envoyez le tableau à part, sans le compresser, ou retirez ce fichier.",
  ARCHIVE_PATH: "Le ZIP a un fichier dont le nom mène en dehors de lui.",
  "ARCHIVE_PATH.todo": PACK,
  ARCHIVE_LINK: "Le ZIP contient un lien.",
  "ARCHIVE_LINK.todo": "Mettez-y les fichiers eux-mêmes à la place des liens.",
  ARCHIVE_NESTED: "Le ZIP contient une autre archive.",
  "ARCHIVE_NESTED.todo": "Décompressez-la, et mettez ses fichiers à côté du tableau.",
  ARCHIVE_OVERLAP: "Le ZIP a des fichiers qui partagent leurs octets.",
  "ARCHIVE_OVERLAP.todo": PACK,
  ARCHIVE_ENCRYPTED: "Le ZIP a un mot de passe.",
  "ARCHIVE_ENCRYPTED.todo": "Refaites-le sans mot de passe.",
  ARCHIVE_METHOD: "Le ZIP est compressé d’une façon qui n’est pas lue.",
  "ARCHIVE_METHOD.todo": "Faites un simple ZIP (deflate), comme le font Windows, macOS et Linux d’eux-mêmes.",
  CATALOGUE_FAILED: "La lecture du fichier a échoué plusieurs fois au même endroit.",
  "CATALOGUE_FAILED.todo": "Enregistrez-le dans un autre format et envoyez-le. Si cela persiste, prévenez les personnes qui exploitent ce service.",

  // D’un seul champ
  MISSING: "Il manque.",
  STRING_TOO_SHORT: "C’est trop court.",
  STRING_TOO_LONG: "C’est trop long.",
  STRING_PATTERN_MISMATCH: "Il y a des caractères qui n’y sont pas permis.",
  EXTRA_FORBIDDEN: "Le service ne le connaît pas.",
};

const NOUNS = {
  account: "Ce compte", delivery: "Cet envoi", job: "Ce traitement", photo: "Cette photo", prediction: "Cette prédiction", product: "Ce produit", webhook: "Ce webhook",
};

function tooLarge(detail) {
  const most = figure(detail);
  if (most === null) return "La photo est trop grande.";
  return /pixels/.test(detail) ? `La photo a trop de pixels : ${number(most / 1e6)} millions au plus sont lus.` : `La photo est trop lourde : le maximum est de ${bytes(most)}.`;
}
