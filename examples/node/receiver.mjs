// A receiver of Shelfwise's webhooks, to be copied: checks who sends, keeps what came, answers, and works after that.
//
//     npm ci
//     WEBHOOK_SECRET=whsec_… node receiver.mjs
//
// While a secret is being rotated, WEBHOOK_SECRET may hold both, with a space between. WEBHOOK_INBOX names the file in
// which everything is kept that came, so that a second delivery of it does nothing, and a crash loses nothing.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'

const INBOX = process.env.WEBHOOK_INBOX ?? 'webhook-inbox.jsonl'
const PORT = Number(process.env.PORT ?? 9000)
const MOST_BYTES = 1024 * 1024
const webhooks = process.env.WEBHOOK_SECRET.trim().split(/\s+/).map((secret) => new Webhook(secret))
const seen = new Set()
const open = new Map() // what was kept and not handled, by webhook-id

// Put your work here: a job has ended. What throws is kept, and handled again with the next event.
async function handle({ type, data }) {
  if (data.prediction?.category) console.log(type, data.id, data.prediction.category.name)
  else if (data.counts) console.log(type, data.id, `${data.counts.succeeded} succeeded, ${data.counts.failed} failed`)
  else console.log(type) // webhook.test
}

// A line of the inbox is {id, event}, or {id} when the event has been handled. The line break comes first: what a crash
// has left unfinished, and nobody was told that it is here, then stays a line of its own.
function note(line) {
  appendFileSync(INBOX, `\n${JSON.stringify(line)}`, { flush: true })
}

function take({ id, event }) {
  seen.add(id)
  if (event) open.set(id, event)
  else open.delete(id)
}

function readInbox() {
  for (const line of existsSync(INBOX) ? readFileSync(INBOX, 'utf8').split('\n') : []) {
    try {
      take(JSON.parse(line))
    } catch {} // unfinished
  }
}

let working = Promise.resolve() // one at a time
function handleAll() {
  working = working.then(async () => {
    for (const [id, event] of [...open]) {
      try {
        await handle(event)
        open.delete(id)
        note({ id })
      } catch (error) {
        console.error(`${id} was not handled:`, error)
      }
    }
  })
}

// The event, if one of our secrets signed exactly these bytes less than five minutes ago.
function verified(body, headers) {
  for (const webhook of webhooks) {
    try {
      return webhook.verify(body, headers)
    } catch {} // the next one
  }
}

async function bodyOf(request) {
  const pieces = []
  let size = 0
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    size += piece.length
    if (size > MOST_BYTES) return
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

async function statusFor(request) {
  if (request.method !== 'POST' || request.url !== '/shelfwise') return 404
  const body = await bodyOf(request)
  if (!body) return 413
  const event = verified(body, request.headers)
  if (!event) return 401
  const id = request.headers['webhook-id']
  if (!seen.has(id)) {
    note({ id, event })
    take({ id, event })
    setImmediate(handleAll) // after the answer
  }
  return 204
}

readInbox()
handleAll()
const server = createServer(async (request, response) => {
  try {
    response.writeHead(await statusFor(request), { Connection: 'close' }).end()
  } catch (error) {
    console.error(error) // the disk is full, or the sender hung up: it tries again
    response.writeHead(500, { Connection: 'close' }).end()
  }
})
server.listen(PORT, '127.0.0.1', () => console.error(`listening on http://127.0.0.1:${PORT}`))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close()) // ends when all is handled
