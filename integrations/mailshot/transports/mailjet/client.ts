import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { ClientRequest, type IncomingMessage } from 'node:http'
import { MailshotError } from '../../error.ts'
import { openRedactor } from '../provider/redact.ts'
import { retryAfterOf } from '../provider/retry-after.ts'
import { fieldsOf } from './fields.ts'
import { type CheckedMailjetOptions, type MailjetKeys, secretsOf } from './options.ts'

/** One call of Mailjet's API. */
export interface MailjetCall {
  method: 'get' | 'post' | 'put' | 'delete'
  /** `send`, `message`, `sender`, … */
  resource: string
  id?: string
  action?: string
  /** JSON, or octets that are JSON already. */
  body?: Record<string, unknown> | Buffer
  params?: Record<string, unknown>
}

/** What came of it. Texts hold no key. */
export type MailjetAnswer =
  /** Numbers that JavaScript cannot hold are strings in the body, which is empty where it was no JSON. */
  | { status: number; body: unknown; retryAfter?: number }
  /** No answer. `isHandedOver`: the whole request had left this machine, so it may have been obeyed. */
  | { fault: string; isHandedOver: boolean }

export interface MailjetClient {
  call(call: MailjetCall): Promise<MailjetAnswer>
  /** Takes the keys out of what Mailjet said, and cuts it to a length that can be stored. */
  clean(text: string): string
  /** Aborts when it is cut. */
  readonly signal: AbortSignal
  /** Breaks off all calls under way, and refuses later ones. */
  cut(): void
}

/**
 * Opens Mailjet's package, which makes the requests. It takes no signal and keeps its requests to itself, so that they are
 * learned from Node: only the request knows whether all of it has left, and only by it a call can be broken off.
 *
 * @throws MailshotError when the package is not installed
 */
export async function openMailjet(
  options: CheckedMailjetOptions,
  keys: MailjetKeys,
): Promise<MailjetClient> {
  const Mailjet = await loadPackage()
  const { endpoint, timeoutSeconds } = options
  const sdk = new Mailjet({ ...sdkKeys(keys), config: { host: endpoint.host, version: 'v3' } })
  const secrets = secretsOf(keys).filter(({ length }) => length >= shortestSecret)
  const clean = openRedactor(secrets, options.webhookAuth)
  const end = new AbortController()

  function start({ method, resource, id, action, body, params }: MailjetCall) {
    const request = sdk[method](resource, { version: resource === 'send' ? 'v3.1' : 'v3' })
    if (id !== undefined) request.id(id)
    if (action !== undefined) request.action(action)
    // Read while the request is made, in the same turn.
    Object.assign(Mailjet.Request, { protocol: `${endpoint.protocol}//` })
    // Octets are sent as they are, which its types do not say.
    return request.request((body ?? {}) as Record<string, unknown>, params)
  }

  async function call(one: MailjetCall): Promise<MailjetAnswer> {
    if (end.signal.aborted) return { fault: closed, isHandedOver: false }
    const wire: Wire = { requests: [] }
    const { promise: broken, resolve: breakOff } = Promise.withResolvers<string>()
    const late = setTimeout(
      () => breakOff(`no answer within ${timeoutSeconds} seconds`),
      timeoutSeconds * 1000,
    )
    const cut = () => breakOff(closed)
    end.signal.addEventListener('abort', cut)
    try {
      const answer = wires.run(wire, () => start(one)).then(readResponse, readError)
      const result = await Promise.race([answer, broken])
      if (typeof result !== 'string') return 'fault' in result ? faulty(result.fault, wire) : result
      for (const { request } of wire.requests) request.destroy()
      return faulty(result, wire)
    } finally {
      clearTimeout(late)
      end.signal.removeEventListener('abort', cut)
      // A connection that stays open keeps this object, and with it would keep the mails.
      wire.requests = []
    }
  }

  const faulty = (fault: string, wire: Wire): MailjetAnswer => ({
    fault: clean(fault),
    // Where no request was seen, nobody knows.
    isHandedOver: wire.requests.length === 0 || wire.requests.some(({ hasLeft }) => hasLeft()),
  })

  return { call, clean, signal: end.signal, cut: () => end.abort() }
}

const closed = 'closed before Mailjet answered'
// A shorter one would blot out ordinary words, and is no key of Mailjet's.
const shortestSecret = 8

/** The requests of one call. */
interface Wire {
  requests: { request: ClientRequest; hasLeft(): boolean }[]
}

const wires = new AsyncLocalStorage<Wire>()

/** Told of each request that this process makes; those that were made elsewhere have no store. */
subscribe('http.client.request.created', (message) => {
  const wire = wires.getStore()
  if (!wire || typeof message !== 'object' || message === null || !('request' in message)) return
  const { request } = message
  if (!(request instanceof ClientRequest)) return
  let left = false
  request.once('finish', () => (left = true))
  request.prependOnceListener('response', holdToHost)
  wire.requests.push({ request, hasLeft: () => left })
})

/** The package follows redirections, and would give another host the mails. It takes no option, but needs the address. */
function holdToHost({ headers }: IncomingMessage): void {
  delete headers.location
}

async function loadPackage() {
  try {
    return (await import('node-mailjet')).default
  } catch (cause) {
    throw new MailshotError(
      'mailjet({…}) needs the package node-mailjet, which is not installed here; npm install node-mailjet@6',
      { cause },
    )
  }
}

function sdkKeys({ apiKey, secretKey }: MailjetKeys) {
  return { apiKey, apiSecret: secretKey }
}

function readResponse({ response, body }: { response: { status: number }; body: unknown }) {
  return { status: response.status, body }
}

type Failed = { status: number; body: unknown; retryAfter?: number } | { fault: string }

/** The package's error, whose other fields hold the keys. */
function readError(error: unknown): Failed {
  const { response, originalMessage } = fieldsOf(error)
  const { status, data, headers } = fieldsOf(response)
  if (typeof status !== 'number') {
    const message = error instanceof Error ? error.message : String(error)
    return { fault: typeof originalMessage === 'string' ? originalMessage : message }
  }
  const retryAfter = retryAfterOf(fieldsOf(headers)['retry-after'])
  return { status, body: data, ...(retryAfter !== undefined && { retryAfter }) }
}
