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
    await open();
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    remember("session", null);
    return false;
  }
  await readAccount();
  return true;
}

/** Sign in with a name and a password. Throws a Problem. */
export async function signIn(username, password) {
  await open(new URLSearchParams({ username, password }));
  remember("session", "open");
  await readAccount();
}

/** End the session here and on the server. */
export async function signOut() {
  forget();
  await fetch(PATH, { method: "DELETE" }).catch(() => null); // without the server the cookie stays; nobody uses it here
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
    await inTurn(() => open());
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
  const answer = await response.json();
  token = answer.access_token;
  endsAt = Date.now() + (answer.expires_in - EARLY_SECONDS) * 1000;
}

async function readAccount() {
  const response = await fetch("/api/users/me", { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) throw await Problem.of(response);
  account = await response.json();
}

function forget() {
  token = null;
  account = null;
  remember("session", null);
}
