// What went wrong, by the service's stable code, and what to do. Where a code has no sentence here, the service's own is
// shown: it names the field and the limit.

import { bytes, number } from "../../kit/words.js";
import { after, column, figure } from "../details.js";

const AGAIN = "Try again in a moment. If it stays so, tell the people who run this service.";
const RELOAD = "Reload the page, and try again. If it stays so, tell the people who run this service.";
const SIGN_IN = "Sign in again.";
const PACK = "Unpack it, and pack the table and its photos anew as a plain ZIP.";
const SAVE_TEXT = "Save it as CSV in UTF-8, and send that.";
const NARROW = "Take out what is not needed, or split it into several files.";
const COLUMNS = { product_id: "product id", image_id: "photo id", designation: "title", description: "description", image: "photo", image_url: "photo’s address", prdtypecode: "category code" };
const ROLES = { user: "user", reviewer: "reviewer", admin: "administrator" };

const named = (detail, otherwise) => COLUMNS[column(detail)] ?? otherwise;

export default {
  // The connection
  NETWORK: "The service did not answer.",
  "NETWORK.todo": "Check the connection, and try again. Nothing that you have typed is lost.",
  UNREADABLE: ({ status }) => `Something between this page and the service answered with ${status}.`,
  "UNREADABLE.todo": "Try again in a moment. If it stays so, tell the people who run this service or your network.",

  // Any call
  INVALID_HOST: "The service does not answer at this address.",
  "INVALID_HOST.todo": "Open the page at the address that the people who run this service have given you.",
  UNAUTHENTICATED: "You are not signed in any more.",
  "UNAUTHENTICATED.todo": SIGN_IN,
  FORBIDDEN: ({ detail }) => (ROLES[after(detail, "role")] ? `This takes the role ${ROLES[after(detail, "role")]}.` : "Your role does not allow this."),
  "FORBIDDEN.todo": "Ask an administrator to do it, or for another role.",
  "NOT_FOUND.todo": "It may have been deleted meanwhile. Go back to the list, and look for it there.",
  METHOD_NOT_ALLOWED: "The page asked for something that the service does not know.",
  "METHOD_NOT_ALLOWED.todo": RELOAD,
  REQUEST_TIMEOUT: "The connection was too slow: what was sent did not arrive in time.",
  "REQUEST_TIMEOUT.todo": "Check the connection, and send it again.",
  BODY_TOO_LARGE: ({ detail }) => (figure(detail) ? `That is too large: at most ${bytes(figure(detail))} are taken.` : "That is too large."),
  "BODY_TOO_LARGE.todo": "Take a smaller photo, or split the file into several.",
  UNSUPPORTED_MEDIA_TYPE: "The service does not read files of this kind.",
  "UNSUPPORTED_MEDIA_TYPE.todo": "Send a catalogue as CSV, TSV, NDJSON, Parquet, XLSX or ZIP, a photo as JPEG, PNG, WebP or GIF.",
  VALIDATION: "Some of what was filled in is not valid.",
  "VALIDATION.todo": "Correct what is named, and try again.",
  "INVALID_JSON.todo": "In a file of JSON lines, make each line one object of its own, in braces. If no file is involved, reload the page.",
  INVALID_CURSOR: "The list cannot be continued from here.",
  "INVALID_CURSOR.todo": "Reload the page, to see the list from its beginning.",
  QUOTA_REQUESTS: ({ detail }) => (figure(detail) ? `An account may ask ${number(figure(detail))} times a minute, and yours has.` : "Your account asks too often."),
  "QUOTA_REQUESTS.todo": "Wait a minute, and try again. Programs that use your account count, too.",
  REQUEST_HEADER_FIELDS_TOO_LARGE: "The browser sends more with its requests than the service takes.",
  "REQUEST_HEADER_FIELDS_TOO_LARGE.todo": "Delete the cookies of this site in the browser’s settings, and sign in again.",
  INTERNAL: "Something went wrong in the service.",
  "INTERNAL.todo": "Try again in a moment. If it stays so, tell the people who run this service, with the number of the request.",
  "UNAVAILABLE.todo": AGAIN,

  // Signing in
  INVALID_REQUEST: "The name or the password is missing.",
  "INVALID_REQUEST.todo": "Fill in both, and sign in.",
  UNSUPPORTED_GRANT_TYPE: "The service does not know this way to sign in.",
  "UNSUPPORTED_GRANT_TYPE.todo": RELOAD,
  UNSUPPORTED_TOKEN_TYPE: "This kind of session cannot be ended by itself.",
  "UNSUPPORTED_TOKEN_TYPE.todo": "Wait a quarter of an hour: it ends by then.",
  "INVALID_CREDENTIALS.todo": "Mind capital letters, and try again. If you have forgotten the password, an administrator can set another one.",
  INVALID_CLIENT: "The service account’s name or its secret is wrong.",
  "INVALID_CLIENT.todo": "Check both. An administrator can give the account a new secret.",
  INVALID_GRANT: "Your session has ended.",
  "INVALID_GRANT.todo": SIGN_IN,
  TOO_MANY_SIGN_INS: "There have been too many tries with a wrong password.",
  "TOO_MANY_SIGN_INS.todo": "Wait a while before the next one. An administrator can set another password.",
  CROSS_ORIGIN: "This page was not opened at the service’s own address.",
  "CROSS_ORIGIN.todo": "Open the service’s address in a tab of its own, and sign in there.",

  // Accounts
  "USERNAME_TAKEN.todo": "Choose another name.",
  INVALID_USERNAME: "This name has characters that a user name may not have.",
  "INVALID_USERNAME.todo": "Take 1 to 64 letters, digits, dots, hyphens, underscores or @ signs.",
  WEAK_PASSWORD: ({ detail }) => (figure(detail) ? detail : "This password is too easy to guess."),
  "WEAK_PASSWORD.todo": "Take several words that do not belong together, or a password from a password manager.",
  "WRONG_PASSWORD.todo": "Type the password that you sign in with now. If you have forgotten it, an administrator can set another one.",
  SERVICE_ACCOUNT: "A service account has a secret and no password.",
  "SERVICE_ACCOUNT.todo": "Have an administrator give it a new secret on the page Users.",
  NOT_A_SERVICE_ACCOUNT: "A person has a password and no secret.",
  "NOT_A_SERVICE_ACCOUNT.todo": "Set a new password for this person instead.",
  LAST_ADMIN: "This is the last administrator who can sign in.",
  "LAST_ADMIN.todo": "Make another person an administrator first.",

  // Products
  WRONG_TYPE: ({ detail }) => `The ${named(detail, "value")} is of the wrong kind: ${/number/.test(detail) ? "it has to be a number" : "it has to be a text"}.`,
  "WRONG_TYPE.todo": "Put a plain value there, no list and no table in a cell.",
  UNKNOWN_FIELD: "A field was sent that the service does not know.",
  "UNKNOWN_FIELD.todo": RELOAD,
  DUPLICATE_FIELD: "A field was sent twice.",
  "DUPLICATE_FIELD.todo": "Send it once. If you have filled in this page’s form, reload the page.",
  TOO_LONG: ({ detail }) => (column(detail) && figure(detail) ? `The ${named(detail)} may have at most ${number(figure(detail))} characters.` : detail),
  "TOO_LONG.todo": "Shorten it.",
  INVALID_TEXT: ({ detail }) => (column(detail) ? `The ${named(detail)} has characters that are no text.` : detail),
  "INVALID_TEXT.todo": "Type it anew. For a file: save it as UTF-8, or say which encoding it has when you send it.",
  INVALID_FORM: "What was sent cannot be read.",
  "INVALID_FORM.todo": "Choose the file anew, and send it again.",
  INVALID_BASE64: "The photo is not written as Base64.",
  "INVALID_BASE64.todo": "Write the photo’s bytes as Base64, without `data:` in front, or pack the photos into a ZIP with the table.",
  BROKEN_IMAGE: "The photo cannot be read: it is damaged, breaks off, or is no JPEG, PNG, WebP or GIF.",
  "BROKEN_IMAGE.todo": "Open it in an image editor, save it as JPEG or PNG, and take that.",
  IMAGE_TOO_LARGE: ({ detail }) => tooLarge(detail),
  "IMAGE_TOO_LARGE.todo": "Make the photo smaller: some hundred pixels a side are enough to recognise a product.",
  TWO_IMAGES: "There is a photo, and the address of one.",
  "TWO_IMAGES.todo": "Take one of them away.",
  "IMAGE_URL_REFUSED.todo": "Give an address that begins with https:// and that everybody can reach, or send the photo itself.",
  EMPTY_PRODUCT: "There is neither a text that can be read nor a photo.",
  "EMPTY_PRODUCT.todo": "Give a title, a description or a photo.",
  MISSING_FIELD: ({ detail }) => (column(detail) ? `The ${named(detail)} is missing.` : detail),
  "MISSING_FIELD.todo": "Fill it in. Labelled products need an id and a category code.",
  UNKNOWN_CATEGORY: ({ detail }) => (figure(detail) === null ? "There is no such category." : `There is no category ${figure(detail)}.`),
  "UNKNOWN_CATEGORY.todo": "Choose one that there is, or have an administrator declare the new one.",
  UNKNOWN_PRODUCT: "There is only a product id, and no labelled product has it.",
  "UNKNOWN_PRODUCT.todo": "Give a title, a description or a photo as well.",
  INVALID_IDEMPOTENCY_KEY: "The key that keeps this from being sent twice is not valid.",
  "INVALID_IDEMPOTENCY_KEY.todo": RELOAD,
  IDEMPOTENCY_KEY_REUSED: "Something else has been sent under the same key already.",
  "IDEMPOTENCY_KEY_REUSED.todo": "Look in the list whether it is there. If it is not, reload the page, and send it again.",
  QUOTA_ROWS: ({ detail }) => (figure(detail) ? `An account may submit ${number(figure(detail))} products a day, and yours has.` : "Your account has submitted all that it may today."),
  "QUOTA_ROWS.todo": "Go on after midnight UTC: what is left over can be retried then. An administrator can have the limit raised.",
  QUOTA_STORED_BYTES: ({ detail }) => (figure(detail) ? `Your account holds all that it may: ${bytes(figure(detail))} of photos and files.` : "Your account holds all the photos and files that it may."),
  "QUOTA_STORED_BYTES.todo": "Delete catalogues that you do not need any more, and try again in a minute.",
  STORAGE_FULL: "The service is out of disk space and takes nothing new.",
  "STORAGE_FULL.todo": "Tell the people who run this service. Deleting catalogues that are not needed makes room.",
  UNKNOWN_WEBHOOK: "You have no webhook at this address.",
  "UNKNOWN_WEBHOOK.todo": "Register it on the page Webhooks, or choose one that is there.",

  // Catalogues, as they are sent
  EMPTY_BODY: "The file is empty.",
  "EMPTY_BODY.todo": "Look whether it was saved, and choose it again.",
  INVALID_COLUMNS: "What was said of the columns cannot be read.",
  "INVALID_COLUMNS.todo": "Say again which column is which.",
  UNKNOWN_COLUMN: "A column was named that the service does not know.",
  "UNKNOWN_COLUMN.todo": "Choose among product id, photo id, title, description, photo and category code.",
  DUPLICATE_COLUMN: ({ detail }) => (/named twice/.test(detail) ? `Two columns are named for the ${named(detail, "same thing")}.` : detail),
  "DUPLICATE_COLUMN.todo": "Leave one of them: rename or delete the other in the file, or choose only one here.",
  UNKNOWN_ENCODING: "The service does not know this encoding.",
  "UNKNOWN_ENCODING.todo": "Leave it to the service to find out, or take UTF-8, ISO 8859-1 or Windows 1252.",
  INVALID_DELIMITER: "This cannot part the cells of a row.",
  "INVALID_DELIMITER.todo": "Leave it to the service to find out, or take comma, semicolon, tab or pipe.",
  EXPIRES_TOO_LATE: ({ detail }) => (figure(detail) ? `A job may last ${number(figure(detail) / 86400, 1)} days at most.` : "That is longer than a job may last."),
  "EXPIRES_TOO_LATE.todo": "Choose a shorter time.",

  // Jobs, predictions and photos
  JOB_ENDED: "It has ended already.",
  "JOB_ENDED.todo": "Reload the page, to see what came of it.",
  JOB_NOT_ENDED: "It has not ended yet.",
  "JOB_NOT_ENDED.todo": "Wait for its end, or cancel it first.",
  JOB_IN_USE: "Another job is running its rows again.",
  "JOB_IN_USE.todo": "Wait for that one’s end, or cancel it first.",
  NOTHING_FAILED: "None of its rows has failed.",
  "NOTHING_FAILED.todo": "There is nothing to retry. To classify all rows anew, run it again.",
  ROWS_GONE: "The file and its rows are not kept any more.",
  "ROWS_GONE.todo": "Send the file again.",
  TOO_WIDE: "This order is only for products that need review, or for one catalogue.",
  "TOO_WIDE.todo": "Choose products that need review, or one catalogue, or order by time.",
  NOT_A_RERUN: "There is no earlier run to compare with.",
  "NOT_A_RERUN.todo": "Show all rows. Only a catalogue that was run again has changes, as long as its earlier run is kept.",
  NOT_PREDICTED: "Nothing has been predicted for this product.",
  "NOT_PREDICTED.todo": "Wait until its catalogue has ended. If the product has failed, mend it and send it again.",
  TOO_MANY_STREAMS: "Too much is open at once.",
  "TOO_MANY_STREAMS.todo": "Close other tabs of this page, wait until downloads have ended, and try again.",
  TOO_MANY_UPLOADS: "Too many files are being sent at once.",
  "TOO_MANY_UPLOADS.todo": "Wait until one of them has been sent, and try again.",
  FILE_NOT_READ_YET: "Nobody has looked into the file yet.",
  "FILE_NOT_READ_YET.todo": "Try again in a moment.",
  TOO_LARGE_FOR_XLSX: "That is more than a worksheet can hold.",
  "TOO_LARGE_FOR_XLSX.todo": "Download it as CSV or Parquet.",
  RESULTS_GONE: "The rows are not kept any more.",
  "RESULTS_GONE.todo": "Send the file again.",
  IMAGE_MISSING: "The photo is not in the store any more, or is damaged there.",
  "IMAGE_MISSING.todo": "Send the product again with its photo.",

  // Webhooks
  "WEBHOOK_URL_REFUSED.todo": "Take an address that begins with https:// and that everybody can reach. For one in your own network, ask the people who run this service to allow it.",
  WEBHOOK_EXISTS: "You have a webhook at this address already.",
  "WEBHOOK_EXISTS.todo": "Change that one, or take another address.",
  TOO_MANY_WEBHOOKS: ({ detail }) => (figure(detail) ? `An account has at most ${number(figure(detail))} webhooks.` : "You have all the webhooks that you may have."),
  "TOO_MANY_WEBHOOKS.todo": "Delete one that you do not need.",
  WEBHOOK_INACTIVE: "The webhook is not active.",
  "WEBHOOK_INACTIVE.todo": "Activate it first.",
  TOO_MANY_WEBHOOK_CALLS: "Too many webhooks are being looked up or tested at once.",
  "TOO_MANY_WEBHOOK_CALLS.todo": "Wait a moment, and try again.",

  // Releases
  "BUNDLE_REFUSED.todo": "The bundle that was active stays so. Have the people who trained this one publish it again.",

  // What is wrong with rows
  "MALFORMED_ROW.todo": "Put texts that hold the delimiter, quotes or line ends into quotes, or save the table as XLSX.",
  IMAGE_NOT_FOUND: ({ detail }) => (/archive/.test(detail) ? "The ZIP has no such photo." : detail),
  "IMAGE_NOT_FOUND.todo": "Pack the photo under the name that the row has, or give its address with https://.",
  IMAGE_UNKNOWN: "You have not sent a photo with this SHA-256.",
  "IMAGE_UNKNOWN.todo": "Send the photo itself, or its address.",
  "IMAGE_FETCH_FAILED.todo": "See that everybody can open the photo’s address, and retry the rows that have failed.",
  PREDICTION_FAILED: "The model has failed on this product again and again.",
  "PREDICTION_FAILED.todo": "Retry it once. If it stays so, tell the people who run this service.",

  // What is wrong with files
  EMPTY_CATALOGUE: "The file is empty, or has a header and no rows.",
  "EMPTY_CATALOGUE.todo": "Look whether it was saved with its rows, and send it again.",
  "WRONG_FORMAT.todo": "Choose the format that the file has, or save it in the one that its name says.",
  "BROKEN_HEADER.todo": `Have the first row name the columns, each in at most 500 characters. ${SAVE_TEXT}`,
  NO_KNOWN_COLUMN: ({ detail }) => {
    const there = /the file has (.*?)\. It needs/.exec(detail)?.[1];
    return there && there !== "none" ? `None of the columns is known. The file has ${there}.` : "None of the file’s columns is known.";
  },
  "NO_KNOWN_COLUMN.todo": "Send it again, and say which column is the title, the description or the photo.",
  COLUMN_NOT_FOUND: ({ detail }) => {
    const [, ours, theirs] = /says that (\w+) is in (.*?)[;,] /.exec(detail) ?? [];
    return theirs ? `The file has no column ${theirs}, which was chosen for the ${named(ours, ours)}.` : "The file lacks a column that was chosen.";
  },
  "COLUMN_NOT_FOUND.todo": "Send it again, and choose among the columns that the file has.",
  "TOO_MANY_COLUMNS.todo": "Delete columns that are not needed; at most 1,000 are read.",
  TOO_MANY_ROWS: ({ detail }) => (figure(detail) ? `The file has more than ${number(figure(detail))} rows.` : detail),
  "TOO_MANY_ROWS.todo": "Split it into several files.",
  UNPACKED_TOO_LARGE: ({ detail }) => (figure(detail) ? `The file has more than ${bytes(figure(detail))} once it is unpacked.` : "The file is too large once it is unpacked."),
  "UNPACKED_TOO_LARGE.todo": NARROW,
  BROKEN_GZIP: "The compressed file is damaged or breaks off.",
  "BROKEN_GZIP.todo": "Compress it anew, or send it uncompressed.",
  BROKEN_PARQUET: "The Parquet file is damaged or breaks off.",
  "BROKEN_PARQUET.todo": "Write it anew, without encryption, and send that.",
  BROKEN_WORKBOOK: "The workbook is damaged, or has a password.",
  "BROKEN_WORKBOOK.todo": "Open it, save it anew as XLSX without a password, and send that.",
  WORKBOOK_TOO_LARGE: "The workbook takes too much memory or time to read.",
  "WORKBOOK_TOO_LARGE.todo": "Save it as CSV, and send that.",
  BROKEN_ARCHIVE: "The ZIP is damaged or breaks off.",
  "BROKEN_ARCHIVE.todo": PACK,
  NO_TABLE: "There is no table in the ZIP.",
  "NO_TABLE.todo": "Pack one file with the products into it: CSV, TSV, NDJSON, Parquet or XLSX.",
  TWO_TABLES: "There is more than one table in the ZIP.",
  "TWO_TABLES.todo": "Leave one table in it, and send the others by themselves.",
  ARCHIVE_TOO_LARGE: ({ detail }) => (figure(detail) ? `The ZIP has more than ${bytes(figure(detail))} once it is unpacked.` : "The ZIP is too large once it is unpacked."),
  "ARCHIVE_TOO_LARGE.todo": NARROW,
  ARCHIVE_TOO_MANY_FILES: ({ detail }) => (figure(detail) ? `The ZIP has more than ${number(figure(detail))} files.` : "The ZIP has too many files."),
  "ARCHIVE_TOO_MANY_FILES.todo": "Split it into several, each with the rows whose photos it has.",
  ARCHIVE_RATIO: "The ZIP has a file that is packed to less than a hundredth of itself, which is not believed.",
  "ARCHIVE_RATIO.todo": "Send the table by itself, unpacked, or take that file out.",
  ARCHIVE_PATH: "The ZIP has a file whose name leads out of it.",
  "ARCHIVE_PATH.todo": PACK,
  ARCHIVE_LINK: "The ZIP has a link in it.",
  "ARCHIVE_LINK.todo": "Pack the files themselves in place of links.",
  ARCHIVE_NESTED: "The ZIP has another archive in it.",
  "ARCHIVE_NESTED.todo": "Unpack the inner one, and pack its files beside the table.",
  ARCHIVE_OVERLAP: "The ZIP has files that share their bytes.",
  "ARCHIVE_OVERLAP.todo": PACK,
  ARCHIVE_ENCRYPTED: "The ZIP has a password.",
  "ARCHIVE_ENCRYPTED.todo": "Pack it without one.",
  ARCHIVE_METHOD: "The ZIP is packed in a way that is not read.",
  "ARCHIVE_METHOD.todo": "Pack it as a plain ZIP (deflate), as Windows, macOS and Linux do by themselves.",
  CATALOGUE_FAILED: "Reading the file has failed again and again at the same place.",
  "CATALOGUE_FAILED.todo": "Save it in another format, and send that. If it stays so, tell the people who run this service.",

  // Of single fields
  MISSING: "It is missing.",
  STRING_TOO_SHORT: "It is too short.",
  STRING_TOO_LONG: "It is too long.",
  STRING_PATTERN_MISMATCH: "It has characters that it may not have.",
  EXTRA_FORBIDDEN: "The service does not know it.",
};

function tooLarge(detail) {
  const most = figure(detail);
  if (most === null) return "The photo is too large.";
  return /pixels/.test(detail) ? `The photo has too many pixels: at most ${number(most / 1e6)} million are read.` : `The photo is too large: at most ${bytes(most)} are taken.`;
}
