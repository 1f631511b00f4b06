import type { MailshotConfig } from '../../config.ts'
import { MailshotError } from '../../error.ts'
import { type ExportKind, exportKinds, type ExportOptions } from '../../export.ts'
import { pageUrl } from '../../token.ts'
import { parseAddress, parseToken } from './address.ts'
import { networkFault, readAnswer } from './answer.ts'
import { SiteFault } from './site-fault.ts'

/** A site that says nothing for so long will not go on. */
const longestSilenceMs = 120_000

/**
 * What a running site gives as an export, as it comes. A broken connection is told, never taken for the end.
 *
 * @throws MailshotError when the site refuses; SiteFault when it, or the way to it, fails
 */
export async function* exportOfSite(
  config: MailshotConfig,
  address: string,
  {
    kind,
    signal,
    ...how
  }: Omit<ExportOptions, 'kind' | 'onProgress'> & { kind: ExportKind | 'all'; signal: AbortSignal },
): AsyncGenerator<string> {
  const site = { ...config, site: parseAddress(address) }
  const url = `${pageUrl(site, `api/export/${kind}`)}?${queryOf(how)}`
  const silence = new AbortController()
  const timer = setTimeout(
    () => silence.abort(new DOMException('', 'TimeoutError')),
    longestSilenceMs,
  )
  const options = { signal: AbortSignal.any([signal, silence.signal]) }
  try {
    const body = await open(url, options)
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      timer.refresh()
      yield text
    }
  } catch (error) {
    throw (!signal.aborted && networkFault(url, error)) || error
  } finally {
    clearTimeout(timer)
  }
}

async function open(url: string, options: { signal: AbortSignal }) {
  const headers = { authorization: `Bearer ${parseToken(process.env['MAILSHOT_TOKEN'], 'export')}` }
  // The token is for this address alone.
  const response = await fetch(url, { ...options, headers, redirect: 'manual' })
  const type = response.headers.get('content-type') ?? ''
  if (response.status === 200 && response.body && /^(?:text\/csv|application\/jsonl)/.test(type)) {
    return response.body
  }
  const answer = readAnswer(url, response, await response.text())
  if (answer instanceof SiteFault) throw answer
  throw new MailshotError(
    `${url} answers no export; check that the site runs this version of mailshot`,
  )
}

function queryOf({ format, lists = [], segment }: Omit<ExportOptions, 'kind'>): URLSearchParams {
  const query = new URLSearchParams({ format, ...(segment !== undefined && { segment }) })
  for (const list of lists) query.append('list', list)
  return query
}

/** Tells the kinds of an export of all apart, by the heading before each; each is to be read to its end before the next. */
export async function* kindsOf(
  text: AsyncIterable<string>,
): AsyncGenerator<{ kind: ExportKind; text: AsyncIterable<string> }> {
  const pieces = piecesOf(text)
  const missing = new Set<ExportKind>(exportKinds)
  let next = await pieces.next()
  const rest = async function* (heading: string) {
    yield heading
    for (next = await pieces.next(); !next.done && !isHeading(next.value);) {
      yield next.value
      next = await pieces.next()
    }
  }
  while (!next.done) {
    const said = headingOf(next.value)
    const kind = exportKinds.find((one) => one === said)
    if (kind === undefined) throw new SiteFault(`the site sends something else: ${said}`, false)
    missing.delete(kind)
    yield { kind, text: rest(next.value) }
  }
  if (missing.size > 0) {
    throw new SiteFault(`the site has not sent all: ${[...missing].join(', ')} are missing`, false)
  }
}

function headingOf(text: string): string | undefined {
  return /^\{"mailshot":"(\w+)"/.exec(text)?.[1]
}

function isHeading(text: string): boolean {
  return headingOf(text) !== undefined
}

/** Whole lines; a heading begins a piece. */
async function* piecesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let half = ''
  for await (const part of text) {
    const known = half + part
    const end = known.lastIndexOf('\n') + 1
    half = known.slice(end)
    yield* known
      .slice(0, end)
      .split(/^(?=\{"mailshot":")/m)
      .filter((piece) => piece !== '')
  }
  if (half !== '') yield half
}
