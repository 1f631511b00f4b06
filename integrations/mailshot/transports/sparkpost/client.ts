// oxlint-disable-next-line triple-slash-reference -- a site that checks its types reads this file, and the package has none
/// <reference path="./package.d.ts" />
import http from 'node:http'
import https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import type SparkPost from 'sparkpost'
import { MailshotError } from '../../error.ts'
import { openRedactor } from '../provider/redact.ts'
import { retryAfterOf } from '../provider/retry-after.ts'
import type { CheckedSparkpostOptions } from './options.ts'

/** One call of SparkPost's API. */
export interface SparkpostCall {
  method: 'get' | 'post' | 'put' | 'delete'
  /** Behind `/api/v1/`, with its query. */
  path: string
  body?: Record<string, unknown>
}

/** What came of it. Texts hold no key. */
export type SparkpostAnswer =
  /** Of a refusal, the body holds its `errors` alone. Numbers that JavaScript cannot hold are strings. */
  | { status: number; body: unknown; retryAfter?: number }
  /** No answer. `isHandedOver`: the whole request had left this machine, so it may have been obeyed. */
  | { fault: string; isHandedOver: boolean }

export interface SparkpostClient {
  call(call: SparkpostCall): Promise<SparkpostAnswer>
  /** Takes the key out of what SparkPost said, and cuts it to a length that can be stored. */
  clean(text: string): string
  /** Waits, but not beyond `cut`. */
  pause(ms: number): Promise<void>
  /** Whether `cut` has been called. */
  readonly isCut: boolean
  /** Breaks off all calls under way, and refuses later ones. */
  cut(): void
}

/**
 * Opens SparkPost's package, which makes the requests by the library `request`. Neither tells whether a request has left, nor
 * what headers came with a refusal: the module that `request` is given instead of `node:https` does.
 *
 * @throws MailshotError when the package is not installed
 */
export async function openSparkpost(
  options: CheckedSparkpostOptions,
  key: string,
): Promise<SparkpostClient> {
  const { endpoint, subaccount, calls, timeoutSeconds } = options
  const sdk = await loadSdk(key, endpoint)
  const pool: Record<string, http.Agent> = {}
  const underWay = new Set<Wire>()
  const closing = new AbortController()
  const headers = subaccount === undefined ? {} : { 'X-MSYS-SUBACCOUNT': String(subaccount) }

  async function call({ method, path, body }: SparkpostCall): Promise<SparkpostAnswer> {
    if (closing.signal.aborted) return { fault: closed, isHandedOver: false }
    const wire = makeWire()
    underWay.add(wire)
    const late = setTimeout(
      () => wire.breakOff(`no answer within ${timeoutSeconds} seconds`),
      timeoutSeconds * 1000,
    )
    try {
      const asked = sdk[method]({
        uri: `${endpoint}/api/v1/${path}`,
        json: body ?? true,
        headers,
        pool,
        agentOptions: { keepAlive: true, maxSockets: calls },
        httpModules: wire.modules,
        followRedirect: false,
        jsonReviver: exactNumbers,
      })
      return await Promise.race([asked.then(wire.answer, wire.refusal), wire.broken])
    } finally {
      clearTimeout(late)
      underWay.delete(wire)
      wire.end()
    }
  }

  const header = Buffer.from(`${key}:`).toString('base64')
  const clean = openRedactor([header, key], options.webhookAuth)
  return {
    call: async (one) => {
      const answer = await call(one)
      return 'fault' in answer ? { ...answer, fault: clean(answer.fault) } : answer
    },
    clean,
    pause: (ms) => wait(ms, undefined, { signal: closing.signal }).catch(() => undefined),
    get isCut() {
      return closing.signal.aborted
    },
    cut() {
      closing.abort()
      for (const wire of underWay) wire.breakOff(closed)
      for (const agent of Object.values(pool)) agent.destroy()
    },
  }
}

const closed = 'closed before SparkPost answered'

async function loadSdk(key: string, origin: string): Promise<SparkPost> {
  try {
    const { default: Sdk } = await import('sparkpost')
    return new Sdk(key, { origin })
  } catch (cause) {
    throw new MailshotError(
      'sparkpost({…}) needs the package sparkpost, which is not installed here; npm install sparkpost@2',
      { cause },
    )
  }
}

type Wire = ReturnType<typeof makeWire>

/** What `request` does with one call, seen from outside. */
function makeWire() {
  const { promise: broken, resolve } = Promise.withResolvers<SparkpostAnswer>()
  let request: http.ClientRequest | undefined
  let response: http.IncomingMessage | undefined
  let hasLeft = false

  function watch(started: http.ClientRequest): http.ClientRequest {
    request = started
    started.once('finish', () => (hasLeft = true))
    started.once('response', (message) => (response = message))
    return started
  }

  const status = (body: unknown): SparkpostAnswer => {
    const retryAfter = retryAfterOf(response?.headers['retry-after'])
    return {
      status: response?.statusCode ?? 0,
      body,
      ...(retryAfter !== undefined && { retryAfter }),
    }
  }
  const fault = (text: string): SparkpostAnswer => ({ fault: text, isHandedOver: hasLeft })

  return {
    modules: {
      'http:': { Agent: http.Agent, request: (o: http.RequestOptions) => watch(http.request(o)) },
      'https:': {
        Agent: https.Agent,
        request: (o: https.RequestOptions) => watch(https.request(o)),
      },
    },
    broken,
    answer: status,
    /** Of the package's errors, one for an answer has its status. */
    refusal(error: unknown): SparkpostAnswer {
      const { statusCode, errors, message, code } = fieldsOf(error)
      if (typeof statusCode === 'number') return status({ errors })
      const words = typeof message === 'string' ? message : 'the call failed'
      return fault(typeof code === 'string' && !words.includes(code) ? `${words} ${code}` : words)
    },
    breakOff: (reason: string) => resolve(fault(reason)),
    /** Ends what was not waited for. */
    end() {
      if (!response?.complete) request?.destroy()
    },
  }
}

/** Numbers as they were written, where JavaScript would change them (Node 22 gives a reviver the source). */
export function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const { source } = context ?? {}
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value
  return /^-?\d+$/.test(source) ? source : value
}

/** The fields of what may be anything; of what has none, none. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(entriesOf(value)) : {}
}

/** Also those of an error, whose message is not enumerable. */
function entriesOf(value: object): [string, unknown][] {
  const own = Object.entries(value)
  return value instanceof Error ? [['message', value.message], ...own] : own
}
