// What the service says of other people's hosts, a photo's or a webhook's receiver's, in French.

const SAID = {
  "The connection to the host broke off.": "La connexion au serveur a été interrompue.",
  "The host answered with packed data, which was not asked for.": "Le serveur a répondu avec des données compressées, qui n’étaient pas demandées.",
  "The host could not be connected to.": "La connexion au serveur n’a pas pu être établie.",
  "The host did not answer completely in time.": "Le serveur n’a pas répondu entièrement dans le délai.",
  "The host's answer broke off, or is not HTTP.": "La réponse du serveur s’est interrompue, ou n’est pas du HTTP.",
  "The host's certificate is not valid for its name.": "Le certificat du serveur n’est pas valable pour son nom.",
  "The host's name could not be looked up.": "Le nom du serveur n’a pas pu être résolu.",
  "The host's name has no address.": "Le nom du serveur ne mène à aucune adresse.",
  "The receiver answered 410 Gone: it wants no more of this.": "Le récepteur a répondu 410 Gone : il n’en veut plus.",
  "The URL has a space, a control character, a backslash or a fragment in it.": "L’adresse contient une espace, un caractère de contrôle, une barre oblique inverse ou un fragment.",
  "This is not a URL.": "Ce n’est pas une adresse web.",
  "The URL needs a plain host, without a user's name or password.": "L’adresse doit avoir un serveur, sans nom d’utilisateur ni mot de passe.",
  "The URL's port is not allowed.": "Le port de cette adresse n’est pas autorisé.",
  "The URL leads to an address that is not public.": "L’adresse mène à un réseau qui n’est pas public.",
  "The URL's host leads to an address that is not public.": "Le serveur de l’adresse est dans un réseau qui n’est pas public.",
  "The URL's host cannot be found: its name could not be looked up just now.": "Le serveur de l’adresse est introuvable : son nom n’a pas pu être résolu.",
  "The URL must begin with https://.": "L’adresse doit commencer par https://.",
  "The URL must begin with https:// or http://.": "L’adresse doit commencer par https:// ou http://.",
  "The URL's host is not a name, nor an address in its usual form.": "Le serveur de l’adresse n’est ni un nom, ni une adresse sous sa forme usuelle.",
};

/** The sentence in French; null for one that is not known here. */
export function saidInFrench(sentence) {
  if (sentence in SAID) return SAID[sentence];
  const status = /^The host answered with status (\d+)\.$/.exec(sentence);
  if (status) return `Le serveur a répondu ${status[1]}.`;
  const long = /^The URL is longer than (\d+) characters\.$/.exec(sentence);
  if (long) return `L’adresse dépasse ${long[1]} caractères.`;
  const died = /^(\d+) deliveries in a row died, with none arriving since (.+); the last answer: (?:status (\d+)|(.+))$/.exec(sentence);
  if (!died) return null;
  const [, deaths, since, answer, trouble] = died;
  return `${deaths} envois de suite ont échoué, et rien n’est arrivé depuis le ${since} ; dernière réponse : ${answer ?? saidInFrench(trouble) ?? trouble}`;
}
