import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { ReceivedMail, TestSmtpServer } from '../smtp-server.ts'

export interface Mailbox {
  /** `http://127.0.0.1:4323`. */
  url: string
  close(): Promise<void>
}

type Mails = Pick<TestSmtpServer, 'messages' | 'events'>

const assets: Record<string, [type: string, file: string]> = {
  '/': ['text/html', 'page.html'],
  '/page.css': ['text/css', 'page.css'],
  '/page.js': ['text/javascript', 'page.js'],
}

/** Serves a page, on this machine only, that shows the mails a server has got, each as soon as it is there. */
export async function startMailbox(mails: Mails, port: number): Promise<Mailbox> {
  const server = createServer((request, response) => {
    answer(mails, request.url ?? '/', response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else send(response, 500, 'text/plain', String(error))
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch(async () => {
    // The usual port is taken: any other will do.
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(mails: Mails, url: string, response: ServerResponse) {
  const { pathname } = new URL(url, 'http://localhost')
  const asset = assets[pathname]
  if (asset) return send(response, 200, asset[0], readAsset(asset[1]))
  if (pathname === '/events') return follow(mails, response)
  const [, number, part] = /^\/mails\/(\d+)\/(html|parts)$/.exec(pathname) ?? []
  const mail = mails.messages[Number(number ?? -1)]
  if (mail && part === 'html') return await sendHtml(mail, response)
  if (mail) return send(response, 200, 'application/json', JSON.stringify(await partsOf(mail)))
  send(response, 404, 'text/plain', 'There is nothing here; the mailbox is at /\n')
}

/** Server-sent events: what is there already, then each mail as it arrives. */
function follow({ messages, events }: Mails, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
  let told = 0
  let telling = Promise.resolve()
  const tell = async () => {
    for (let mail = messages[told]; mail; mail = messages[told]) {
      const number = told
      told += 1
      const { to, subject } = await mail.read()
      const summary = { number, to, subject, at: mail.receivedAt }
      response.write(`data: ${JSON.stringify(summary)}\n\n`)
    }
  }
  const tellInTurn = () => void (telling = telling.then(tell))
  events.on('message', tellInTurn)
  response.on('close', () => events.off('message', tellInTurn))
  tellInTurn()
}

async function partsOf(mail: ReceivedMail) {
  const { from, to, subject, text, headers } = await mail.read()
  return { from, to, subject, text, headers, envelope: mail.envelope, size: mail.raw.length }
}

// As careful as a webmail: nothing in a mail can run, or reach anything but its images.
async function sendHtml(mail: ReceivedMail, response: ServerResponse): Promise<void> {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; img-src * data:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox",
  )
  const { html } = await mail.read()
  send(response, 200, 'text/html', html.replace(/<head>/i, '$&<base target="_blank">'))
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array) {
  const charset = type.startsWith('text/') ? '; charset=utf-8' : ''
  response.writeHead(status, { 'content-type': `${type}${charset}`, 'cache-control': 'no-store' })
  response.end(body)
}

function readAsset(file: string): string {
  return readFileSync(new URL(`./mailbox/${file}`, import.meta.url), 'utf8')
}
