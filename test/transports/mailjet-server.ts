import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { checkMessage, isRecord, mailjetError } from './mailjet-server/check.ts'
import { answerRest, type MailjetAccount } from './mailjet-server/rest.ts'

/** A message that Mailjet took. */
export interface SentByMailjet {
  message: Record<string, unknown>
  /** Beyond 2^53, as Mailjet's are. */
  id: string
  uuid: string
  /** Dropped, since its campaign had mailed the address before. */
  isDuplicate: boolean
}

export interface Reply {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** What becomes of the next call of the Send API instead of an answer. */
export type MailjetFault =
  | Reply
  /** Never answers; after it has sent everything, or before it has read all. */
  | { hang: 'sent' | 'unread' }
  /** Closes the connection. */
  | { drop: 'sent' | 'unread' }

export interface MailjetServer {
  endpoint: string
  port: number
  keys: { apiKey: string; secretKey: string }
  sent: SentByMailjet[]
  account: MailjetAccount
  /** Each call as `POST /v3.1/send`, with its body. */
  calls: { line: string; body: unknown }[]
  /** The next calls of the Send API, one each. */
  failNext(...faults: MailjetFault[]): void
  close(): Promise<void>
}

export interface MailjetServerOptions {
  tls?: ServerOptions
  /** Told of each message instead of keeping it, and the calls: for very many. */
  onSent?: (sent: SentByMailjet) => void
}

export const mailjetKeys = {
  apiKey: '0123456789abcdef0123456789abcdef',
  secretKey: 'fedcba9876543210fedcba9876543210',
}

/**
 * A stand-in for Mailjet that refuses what Mailjet refuses, in its words, and sends the rest of a call all the same. Senders:
 * `example.org`.
 */
export async function startMailjetServer({
  tls,
  onSent,
}: MailjetServerOptions = {}): Promise<MailjetServer> {
  const faults: MailjetFault[] = []
  let count = 0
  const state: State = {
    nextId: () => String(1_152_921_520_000_000_000n + BigInt((count += 1))),
    onSent,
    sent: [],
    calls: [],
    mailed: new Set(),
    account: { senders: [{ ID: 1, Email: '*@example.org', Status: 'Active' }], hooks: [], dns: {} },
  }
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    void serve(state, faults, { request, response })
  const server = tls ? createTlsServer(tls, handle) : createServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...state,
    endpoint: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    keys: mailjetKeys,
    failNext: (...more) => void faults.push(...more),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface State extends Pick<MailjetServer, 'sent' | 'calls' | 'account'> {
  mailed: Set<string>
  nextId(): string
  onSent: MailjetServerOptions['onSent']
}

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

async function serve(state: State, faults: MailjetFault[], { request, response }: Exchange) {
  const url = new URL(request.url ?? '/', 'http://mailjet')
  const isSend = url.pathname === '/v3.1/send'
  const fault = isSend ? faults.shift() : undefined
  if (fault && !('status' in fault) && ('hang' in fault ? fault.hang : fault.drop) === 'unread') {
    return 'drop' in fault ? request.socket.destroy() : request.pause()
  }
  const text = await readBody(request)
  const body = parse(text)
  if (!state.onSent)
    state.calls.push({ line: `${request.method} ${url.pathname}${url.search}`, body })
  if (fault && 'status' in fault) return reply(response, fault)
  const answer = !isAuthorized(request)
    ? unauthorized
    : isSend
      ? answerSend(state, body, Buffer.byteLength(text))
      : rest(state, request, url)
  if (fault && 'hang' in fault) return
  if (fault) return request.socket.destroy()
  reply(response, answer)

  function rest(
    { account, sent }: State,
    { method = '' }: IncomingMessage,
    { pathname, searchParams }: URL,
  ): Reply {
    if (!pathname.startsWith('/v3/REST/')) return { status: 404, body: {} }
    const path = pathname.slice('/v3/REST/'.length).split('/').map(decodeURIComponent)
    return answerRest(account, sent, { method, path, query: searchParams, body })
  }
}

const unauthorized: Reply = {
  status: 401,
  body: mailjetError(
    'mj-0015',
    'API key authentication/authorization failure. You may be unauthorized to access the API or your API key may be expired.',
    [],
    401,
  ),
}

function isAuthorized({ headers }: IncomingMessage): boolean {
  const login = Buffer.from(`${mailjetKeys.apiKey}:${mailjetKeys.secretKey}`).toString('base64')
  return headers.authorization === `Basic ${login}`
}

const largest = 15_000_000

function answerSend(state: State, body: unknown, octets: number): Reply {
  if (octets > largest) return { status: 413, body: '<html>Request Entity Too Large</html>' }
  if (!isRecord(body))
    return global('mj-0002', 'Malformed JSON, please review the syntax and properties types.')
  const { Messages, SandboxMode = false, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown) return global('mj-0004', `Unknown property ${unknown}`)
  if (typeof SandboxMode !== 'boolean')
    return global('mj-0004', 'Type mismatch. Expected type "bool".')
  if (Messages === undefined)
    return global('mj-0003', '"Messages" property is mandatory but missing from the input.')
  if (!Array.isArray(Messages)) return global('mj-0004', 'Type mismatch. Expected type "array".')
  if (Messages.length === 0) return global('mj-0007', 'The array is empty.')
  if (Messages.length > 50) return global('mj-0008', 'Too many elements. Max allowed - 50')
  if (countRecipients(Messages) > 50)
    return global('send-0015', 'Total number of recipients exceeded. Max allowed - 50')
  const entries = Messages.map((message) => answerMessage(state, message, SandboxMode))
  const worst = Math.max(
    200,
    ...entries.flatMap(({ Errors }) => (Errors ?? []).map((one) => one.StatusCode)),
  )
  return { status: worst, body: { Messages: entries } }
}

function answerMessage(state: State, message: unknown, isSandbox: boolean) {
  const senders = state.account.senders.flatMap(({ Email, Status }) =>
    Status === 'Active' ? Email : [],
  )
  const Errors = checkMessage(message, senders)
  if (Errors.length > 0 || !isRecord(message)) return { Status: 'error', Errors }
  const CustomID = message['CustomID']
  const to = Array.isArray(message['To']) ? message['To'].map(({ Email }) => String(Email)) : []
  const To = to.map((Email) => {
    if (isSandbox)
      return {
        Email,
        MessageUUID: '',
        MessageID: '0',
        MessageHref: 'https://api.mailjet.com/v3/message/0',
      }
    const { id, uuid } = mail(state, message, Email)
    return {
      Email,
      MessageUUID: uuid,
      MessageID: id,
      MessageHref: `https://api.mailjet.com/v3/REST/message/${id}`,
    }
  })
  return { Status: 'success', CustomID, To, Cc: [], Bcc: [] }
}

/** In a campaign that asks for it, nobody is mailed twice: Mailjet takes the second one, and drops it. */
function mail(state: State, message: Record<string, unknown>, email: string): SentByMailjet {
  const place = `${String(message['CustomCampaign'])} ${email}`
  const isDuplicate = message['DeduplicateCampaign'] === true && state.mailed.has(place)
  state.mailed.add(place)
  const sent = { message, id: state.nextId(), uuid: randomUUID(), isDuplicate }
  if (state.onSent) state.onSent(sent)
  else state.sent.push(sent)
  return sent
}

function countRecipients(messages: unknown[]): number {
  return messages.reduce(
    (sum: number, one) => sum + (isRecord(one) && Array.isArray(one['To']) ? one['To'].length : 0),
    0,
  )
}

function global(code: string, text: string): Reply {
  return { status: 400, body: mailjetError(code, text) }
}

function reply(response: ServerResponse, { status, body, headers }: Reply): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  // Mailjet's ids are numbers.
  response.end(text.replace(/"(MessageID|ID)":"(\d+)"/g, '"$1":$2'))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
