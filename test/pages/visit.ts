import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import type { Notice } from '../../integrations/mailshot/pages/notice.ts'
import type { Page } from '../../integrations/mailshot/pages/page.ts'

/** A request as Astro hands it to a route. */
export function get(path: string, headers: Record<string, string> = {}): Request {
  return new Request(`https://example.org/mailshot/${path}`, { headers })
}

/** What a scanner of mails asks for. */
export function head(path: string): Request {
  return new Request(`https://example.org/mailshot/${path}`, { method: 'HEAD' })
}

export type Fields = Record<string, string | string[]>

/** A form as a browser posts it. */
export function post(path: string, fields: Fields, headers: Record<string, string> = {}): Request {
  const body = new URLSearchParams(pairsOf(fields))
  return new Request(`https://example.org/mailshot/${path}`, { method: 'POST', body, headers })
}

/** A form whose head comes at once, and whose body half a second later; and when that was. */
export function postSlowly(
  { now, sleep }: Pick<Mailshot, 'now' | 'sleep'>,
  path: string,
  fields: Fields,
): { request: Request; sent: Promise<number> } {
  const { promise: sent, resolve } = Promise.withResolvers<number>()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(500)
      controller.enqueue(new TextEncoder().encode(`${new URLSearchParams(pairsOf(fields))}`))
      controller.close()
      resolve(now())
    },
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  // A stream needs `duplex`, which TypeScript's library does not know yet.
  const init = { method: 'POST', body, headers, duplex: 'half' }
  return { request: new Request(`https://example.org/mailshot/${path}`, init), sent }
}

/** The same form as `multipart/form-data`. */
export function postMultipart(path: string, fields: Fields): Request {
  const body = new FormData()
  for (const [name, value] of pairsOf(fields)) body.append(name, value)
  return new Request(`https://example.org/mailshot/${path}`, { method: 'POST', body })
}

function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
}

/** Where an answer sends the browser; empty when it does not. */
export function locationOf(answer: Page<unknown> | Response): string {
  return answer instanceof Response && answer.status === 303
    ? (answer.headers.get('location') ?? '')
    : ''
}

/** An answer that has to be a page. */
export function pageOf<View>(answer: Page<View> | Response): Page<View> {
  if (answer instanceof Response) throw new Error(`no page but ${answer.status}`)
  return answer
}

/** What is said where there is no page of the site's. */
export async function textOf(answer: Page<unknown> | Response): Promise<string> {
  if (answer instanceof Response) return answer.text()
  throw new Error(`a page of ${answer.status}`)
}

/** The words of a page that has to be a notice. */
export function noticeOf(answer: Page<{ kind: string }> | Response): Notice {
  const { view } = pageOf(answer)
  if (isNotice(view)) return view
  throw new Error(`no notice but ${view.kind}`)
}

/** How many numbers of letters and of subscribers something uses up: they stand in links and mails. */
export async function numbersUsedBy(
  { db }: Mailshot,
  act: () => Promise<unknown>,
): Promise<number[]> {
  const read = () =>
    db.all<{ seq: number }>(
      sql`SELECT seq FROM sqlite_sequence WHERE name IN ('subscribers', 'letters') ORDER BY name`,
    )
  const before = await read()
  await act()
  return (await read()).map(({ seq }, index) => seq - (before[index]?.seq ?? 0))
}

/** Everything that the database holds. */
export async function dump(mailshot: Mailshot): Promise<Record<string, unknown[]>> {
  const tables = await mailshot.db.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`,
  )
  const rows: Record<string, unknown[]> = {}
  for (const { name } of tables) {
    rows[name] = await mailshot.db.all(sql.raw(`SELECT * FROM "${name}"`))
  }
  return rows
}

function isNotice(view: { kind: string }): view is Notice {
  return view.kind === 'notice'
}
