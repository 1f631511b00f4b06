import { setTimeout as wait } from 'node:timers/promises'
import { openRedactor } from '../provider/redact.ts'
import { retryAfterOf } from '../provider/retry-after.ts'
import { type CheckedMandrillOptions, webhookKeysOf } from './options.ts'

/** What came of a call. Texts hold no key. */
export type MandrillAnswer =
  /** The body is text where it was no JSON. */
  | { status: number; body: unknown; retryAfter?: number }
  /** No answer. `isHandedOver`: the request may have left this machine, so it may have been obeyed. */
  | { fault: string; isHandedOver: boolean }

export interface MandrillClient {
  /** @param path `messages/send`, … */
  call(path: string, parameters?: Record<string, unknown>): Promise<MandrillAnswer>
  /** Takes the keys out of what Mandrill said, and cuts it to a length that can be stored. */
  clean(text: string): string
  /** Waits, but not beyond `cut`. */
  pause(ms: number): Promise<void>
  /** Whether `cut` has been called. */
  readonly isCut: boolean
  /** Breaks off all calls under way, and refuses later ones. */
  cut(): void
}

/** Mandrill's API: a JSON POST for everything, with the key in the body. */
export function openMandrill(options: CheckedMandrillOptions, key: string): MandrillClient {
  const closing = new AbortController()
  const { endpoint, timeoutSeconds } = options
  const signing = webhookKeysOf(options).filter(({ length }) => length >= shortestKey)
  const clean = openRedactor([key, ...signing])

  async function call(path: string, parameters: object = {}): Promise<MandrillAnswer> {
    if (closing.signal.aborted) return { fault: closed, isHandedOver: false }
    const late = AbortSignal.timeout(timeoutSeconds * 1000)
    try {
      const response = await fetch(`${endpoint}/${path}.json`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ key, ...parameters }),
        // Another host must not be given the key.
        redirect: 'manual',
        signal: AbortSignal.any([closing.signal, late]),
      })
      const retryAfter = retryAfterOf(response.headers.get('retry-after'))
      const body = parsed(await response.text())
      return { status: response.status, body, ...(retryAfter !== undefined && { retryAfter }) }
    } catch (error) {
      if (closing.signal.aborted) return { fault: closed, isHandedOver: true }
      if (late.aborted) {
        return { fault: `no answer within ${timeoutSeconds} seconds`, isHandedOver: true }
      }
      const { text, isHandedOver } = readFault(error)
      return { fault: clean(text), isHandedOver }
    }
  }

  return {
    call,
    clean,
    pause: (ms) => wait(ms, undefined, { signal: closing.signal }).catch(() => undefined),
    get isCut() {
      return closing.signal.aborted
    },
    cut: () => closing.abort(),
  }
}

const closed = 'closed before Mandrill answered'
// A shorter one would blot out ordinary words, and is no key of Mandrill's.
const shortestKey = 8

/** Before there was a connection that the certificate made trusted, nothing can have left. */
const beforeHandOver =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM|UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS_|ERR_SSL_|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/

/** `fetch` says only that it failed; why is its cause. */
function readFault(error: unknown): { text: string; isHandedOver: boolean } {
  const { message, cause } = fieldsOf(error)
  const { message: below, code } = fieldsOf(cause)
  const words = String(below || message)
  const text = typeof code === 'string' && !words.includes(code) ? `${words} ${code}` : words
  const isBefore =
    beforeHandOver.test(String(code)) || String(below).includes('before secure TLS connection')
  return { text, isHandedOver: !isBefore }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The fields of what may be anything; of what has none, none. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {}
  const own = Object.fromEntries(Object.entries(value))
  // An error's own are not enumerable.
  return value instanceof Error ? { message: value.message, cause: value.cause, ...own } : own
}
