// oauth4webapi as it comes, against a running service. Usage: node client.mjs ISSUER ACCOUNTS
// ACCOUNTS is JSON: {person: [name, password], service: [name, secret]}. Prints what it saw as one JSON object.

import * as oauth from 'oauth4webapi'

const issuer = new URL(process.argv[2])
const { person, service } = JSON.parse(process.argv[3])
const plain = { [oauth.allowInsecureRequests]: true } // http, on the loopback interface

const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain })
const server = await oauth.processDiscoveryResponse(issuer, found)

async function password(name, secret) {
  const client = { client_id: 'page' }
  const parameters = { username: name, password: secret }
  const answer = await oauth.genericTokenEndpointRequest(server, client, oauth.None(), 'password', parameters, plain)
  return oauth.processGenericTokenEndpointResponse(server, client, answer)
}

async function refreshed(token) {
  const client = { client_id: 'page' }
  const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, plain)
  return oauth.processRefreshTokenResponse(server, client, answer)
}

async function revoked(token) {
  const client = { client_id: 'page' }
  return oauth.processRevocationResponse(await oauth.revocationRequest(server, client, oauth.None(), token, plain))
}

async function credentials(name, authentication) {
  const client = { client_id: name }
  const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, {}, plain)
  return oauth.processClientCredentialsResponse(server, client, answer)
}

async function failure(promise) {
  try {
    await promise
  } catch (error) {
    return { name: error.name, status: error.status, error: error.error, text: error.error_description }
  }
}

async function whoIs(token) {
  const me = new URL('/api/users/me', issuer)
  const answer = await oauth.protectedResourceRequest(token, 'GET', me, new Headers(), null, plain)
  return (await answer.json()).username
}

const first = await password(...person)
const second = await refreshed(first.refresh_token)
await revoked(second.refresh_token)
const basic = await credentials(service[0], oauth.ClientSecretBasic(service[1]))
const post = await credentials(service[0], oauth.ClientSecretPost(service[1]))

console.log(
  JSON.stringify({
    password: await whoIs(first.access_token),
    refresh: await whoIs(second.access_token),
    basic: await whoIs(basic.access_token),
    post: await whoIs(post.access_token),
    revoked: await failure(refreshed(second.refresh_token)),
    access_token_revoked: await failure(revoked(first.access_token)),
    wrong_password: await failure(password(person[0], 'wrong')),
    wrong_secret: await failure(credentials(service[0], oauth.ClientSecretPost('wrong'))),
    wrong_basic: await failure(credentials(service[0], oauth.ClientSecretBasic('wrong'))),
  }),
)
