// Who is signed in. The access token lives here, in memory; the refresh token is a cookie that no script can read.

import { remember, remembered } from "../kit/memory.js";
import { Problem } from "./problem.js";

const PATH = "/api/auth/session";
const EARLY_SECONDS = 30; // a token is renewed this long before it ends, so that no call is refused
const ORDER = ["user", "reviewer", "admin"]; // a role may do all that those before it may

let token = null;
let endsAt = 0;
let renewal = null;
let signInAgain = () => Promise.reject(new Error("Nobody asks for a sign-in yet."));

/** The account that is signed in, `{ id, username, role, … }`, or null. */
export let account = null;

/** Whether the account may do what this role may. */
export function may(role) {
  return account !== null && ORDER.indexOf(account.role) >= ORDER.indexOf(role);
}

/** How to ask somebody to sign in again while the page stays as it is: resolves once a session is there. */
export function whenExpired(asked) {
  signInAgain = asked;
}

/** Go on with the session of an earlier visit, if there was one. Resolves to whether somebody is signed in. */
export async function restore() {
  if (remembered("session") === null) return false; // nobody signed in here: the answer would be 401
  try {
    take(await open());
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    remember("session", null);
    return false;
  }
  account = await accountOf(token);
  return true;
}

/** Sign in with a name and a password. Throws a Problem. */
export async function signIn(username, password) {
  take(await open(new URLSearchParams({ username, password })));
  remember("session", "open");
  account = await accountOf(token);
}

/** End the session, on the server first: without it the cookie would be good still. Throws a Problem. */
export async function signOut() {
  const response = await fetch(PATH, { method: "DELETE" }).catch(() => {
    throw Problem.network();
  });
  if (!response.ok) throw await Problem.of(response);
  token = null;
  account = null;
  remember("session", null);
}

/** A token that is good now. With `refused`, the one that a call was refused with, it is a new one in any case. */
export async function accessToken(refused = null) {
  if (token !== null && token !== refused && Date.now() < endsAt) return token;
  renewal ??= renew().finally(() => {
    renewal = null;
  });
  await renewal;
  return token;
}

async function renew() {
  try {
    // Tabs share the cookie, and a refresh token is good for one use: one tab after the other.
    const answer = await inTurn(() => open());
    await sameAccount(answer.access_token);
    take(answer);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    token = null;
    await signInAgain();
  }
}

function inTurn(task) {
  return navigator.locks ? navigator.locks.request("shelfwise.session", task) : task();
}

async function open(form = undefined) {
  const response = await fetch(PATH, { method: "POST", body: form }).catch(() => {
    throw Problem.network();
  });
  if (!response.ok) throw await Problem.of(response);
  return response.json();
}

function take(answer) {
  token = answer.access_token;
  endsAt = Date.now() + (answer.expires_in - EARLY_SECONDS) * 1000;
}

// Another tab may have signed in as somebody else: nothing that this one shows is theirs, so it begins anew.
async function sameAccount(newToken) {
  const now = await accountOf(newToken);
  if (now.id === account.id) return;
  location.reload();
  await new Promise(() => {}); // nothing is asked with that token
}

async function accountOf(bearer) {
  const response = await fetch("/api/users/me", { headers: { Authorization: `Bearer ${bearer}` } }).catch(() => {
    throw Problem.network();
  });
  if (!response.ok) throw await Problem.of(response);
  return response.json();
}
