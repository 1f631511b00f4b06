import { z } from 'zod'
import { errorCodes, MailshotError } from '../../error.ts'
import { said } from './said.ts'
import { SiteFault } from './site-fault.ts'

/**
 * Reads an answer of the API. Its texts can be printed as they are: a job's log is read by people and by programs.
 *
 * @throws MailshotError when it refuses, with its reason
 */
export function readAnswer(
  url: string,
  { status, headers }: Response,
  text: string,
): { json: unknown } | SiteFault {
  const json = parseJson(text)
  if (status >= 200 && status < 300) {
    if (json !== undefined) return { json }
    throw new MailshotError(`${url} is not mailshot's API: it answers no JSON; ${lookAtAddress}`)
  }
  const { data } = errorSchema.safeParse(json)
  if (status >= 500 || isTemporary(status)) {
    const retryAfter = waitOf(headers.get('retry-after'))
    return failure(url, status, { message: data?.error.message, retryAfter })
  }
  if (!data) throw foreignRefusal(url, status, headers.get('location'))
  const code = errorCodes.find((known) => known === data.error.code)
  const isToken = code === 'unauthorized' || code === 'forbidden'
  const message = isToken ? `MAILSHOT_TOKEN: ${data.error.message}` : data.error.message
  throw new MailshotError(message, code && { code })
}

/** What the network has done to a request; undefined for what is no fault of it. */
export function networkFault(url: string, error: unknown): SiteFault | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'TimeoutError') {
    const text = `${url} does not answer in time; run this again: what is asked for is done once`
    return new SiteFault(text, false, { cause: error })
  }
  // `fetch` itself only says that it failed: the cause is inside.
  const { cause } = error
  if (!(error instanceof TypeError) || !(cause instanceof Error)) return undefined
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const text = `${url} cannot be reached (${said(cause.message) || code}); check --server, and that the site runs`
  return new SiteFault(text, temporary.test(code), { cause: error })
}

const temporary =
  /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|UND_ERR_SOCKET|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

const lookAtAddress =
  'check --server, and that "base" in mailshot.config.ts is the same in the job and on the site'

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' ? said(value) : value,
    )
  } catch {
    return undefined
  }
}

function isTemporary(status: number): boolean {
  return [408, 425, 429, 502, 503, 504].includes(status)
}

function failure(
  url: string,
  status: number,
  { message, retryAfter }: { message: string | undefined; retryAfter: number | undefined },
): SiteFault {
  const why = message ?? reasonOf(status)
  return new SiteFault(`${url} answers ${status} (${why})`, isTemporary(status), { retryAfter })
}

function reasonOf(status: number): string {
  if (status === 429) return 'it gets too many requests'
  if (status < 500) return 'it could not take the request just now'
  return isTemporary(status) ? 'the site is down or starting' : 'its log says why'
}

const longestWait = 60_000

/** RFC 9110 §10.2.3: seconds, or a date. */
function waitOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined
  const isCount = /^\d+$/.test(retryAfter)
  const seconds = isCount ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000
  if (Number.isNaN(seconds)) return undefined
  return Math.min(Math.max(Math.ceil(seconds) * 1000, 0), longestWait)
}

/** A refusal that is not the API's own: of another site, or of something before it. */
function foreignRefusal(url: string, status: number, location: string | null): MailshotError {
  return new MailshotError(`${url} answers ${status}: ${explain(status, location)}`)
}

function explain(status: number, location: string | null): string {
  if (status >= 300 && status < 400) {
    return `it leads to ${location === null ? 'another address' : said(location)}; give --server the address it leads to`
  }
  switch (status) {
    case 401:
    case 403:
      return 'something before the site (a proxy, a password) refuses; let api/ through, the token protects it'
    case 404:
      return `no mailshot is there; ${lookAtAddress}`
    case 413:
      return 'something before the site takes no bodies of that size; let it take 32 MB (nginx: client_max_body_size 32m)'
    default:
      return lookAtAddress
  }
}
