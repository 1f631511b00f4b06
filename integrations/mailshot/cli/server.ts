import { setTimeout } from 'node:timers/promises'
import type { MailshotConfig } from '../config.ts'
import { pageUrl } from '../token.ts'
import { parseAddress, parseToken } from './server/address.ts'
import { networkFault, readAnswer } from './server/answer.ts'
import { SiteFault } from './server/site-fault.ts'

/** A request to the API of a running site: a POST when it has a body. */
export interface Asking {
  /** Below mailshot's base: `api/sends`. */
  path: string
  query?: string
  body?: object
}

/** How long to wait before each further try, unless the site asks for more: half a minute in all, as a deploy takes. */
const usualWaits = [1000, 2000, 4000, 8000, 15_000]
/** A campaign with its images is uploaded, and checked by the site. */
const timeouts = { GET: 30_000, POST: 120_000 }

/**
 * Prepares to talk to a site with the token of MAILSHOT_TOKEN. What fails because the site is just being restarted is
 * tried again: all that can be asked for is done once, however often it is asked.
 *
 * @param options.note told before each further try
 * @throws MailshotError when the address is none a token may be sent to, or the token is missing
 */
export function connectServer(
  config: MailshotConfig,
  address: string,
  { note, waits = usualWaits }: { note: (text: string) => void; waits?: readonly number[] },
): (asking: Asking) => Promise<unknown> {
  const site = { ...config, site: parseAddress(address) }
  const token = parseToken(process.env['MAILSHOT_TOKEN'])
  const attempt = async (
    asking: Asking,
    [wait, ...further]: readonly number[],
  ): Promise<unknown> => {
    const url = `${pageUrl(site, asking.path)}${asking.query ?? ''}`
    const answer = await tryOnce(url, token, asking.body)
    if (!(answer instanceof SiteFault)) return answer.json
    if (!answer.isTemporary || wait === undefined) throw answer
    const pause = Math.max(wait, answer.retryAfter ?? 0)
    note(`${answer.message}; trying again in ${pause / 1000} s`)
    await setTimeout(pause)
    return attempt(asking, further)
  }
  return (asking) => attempt(asking, waits)
}

async function tryOnce(
  url: string,
  token: string,
  body: object | undefined,
): Promise<{ json: unknown } | SiteFault> {
  const method = body === undefined ? 'GET' : 'POST'
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
  const json = { 'content-type': 'application/json' }
  try {
    const response = await fetch(url, {
      method,
      // The token is for this address alone.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeouts[method]),
      headers: body === undefined ? headers : { ...headers, ...json },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return readAnswer(url, response, await response.text())
  } catch (error) {
    const fault = networkFault(url, error)
    if (fault === undefined) throw error
    return fault
  }
}
