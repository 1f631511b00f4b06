import { setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { didYouMean } from '../closest.ts'
import { MailshotError } from '../error.ts'
import {
  type ExportFormat,
  exportFormats,
  type ExportKind,
  exportKinds,
  openExport,
} from '../export.ts'
import type { Mailshot } from '../mailshot.ts'
import { explainFault, readCondition } from '../segment.ts'
import { unknownMails } from '../send/known-mails.ts'
import { type ApiCall, answerCall } from './call.ts'

/** A reader that takes nothing for so long is cut off: the database's log grows while an export is read. */
const longestStallMs = 60_000
/** Readers of pages wait for a fifth of what a command reads at once. */
const pageRows = 200

/**
 * Gives what the database holds at one moment, as `mailshot export` writes it: `?format=csv` or `jsonl`, and of subscribers `?list=`
 * (repeated for several) and `?segment=`. Of `all`, each kind after the other as JSON Lines, each with its heading. The token needs the
 * scope `export`.
 */
export function handleExport(
  mailshot: Mailshot,
  request: Request,
  kind: string,
  stallMs = longestStallMs,
): Promise<Response> {
  return answerCall(mailshot, request, {
    GET: (call) => answerExport(call, kind, stallMs),
    scopes: ['export'],
  })
}

async function answerExport(
  { mailshot, request, actor }: ApiCall,
  kind: string,
  stallMs: number,
): Promise<Response> {
  const asked = await readRequest(mailshot, new URL(request.url).searchParams, kind)
  const { format } = asked
  const type = format === 'csv' ? 'text/csv' : 'application/jsonl'
  const headers = { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }
  if (request.method === 'HEAD') return new Response(null, { headers })
  const { lists, segment } = asked
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'export',
      subject: `export:${kind}`,
      detail: { format, ...(lists && { lists }), ...(segment !== undefined && { segment }) },
    }),
  )
  return new Response(streamOf(textOf(mailshot, asked), stallMs), { headers })
}

interface ExportRequest {
  kinds: readonly ExportKind[]
  format: ExportFormat
  lists: string[] | undefined
  segment: string | undefined
}

async function readRequest(
  mailshot: Mailshot,
  params: URLSearchParams,
  kind: string,
): Promise<ExportRequest> {
  const kinds = kind === 'all' ? exportKinds : exportKinds.filter((one) => one === kind)
  if (kinds.length === 0)
    throw wrong(`api/export/${kind}: ${didYouMean(kind, [...exportKinds, 'all'])}`)
  const asked = params.get('format') ?? 'jsonl'
  const format = exportFormats.find((one) => one === asked)
  if (!format) throw wrong(`format=${asked}: it is one of ${exportFormats.join(', ')}`)
  if (kind === 'all' && format === 'csv') throw wrong('format=csv: all of it is JSON Lines alone')
  const lists = params.has('list') ? params.getAll('list') : undefined
  await checkLists(mailshot, lists)
  const segment = await readSegment(mailshot, params.get('segment'))
  if (kind !== 'subscribers' && (lists ?? segment) !== undefined) {
    throw wrong('list and segment are about subscribers alone; leave them out')
  }
  return { kinds, format, lists, segment }
}

async function checkLists({ db }: Mailshot, lists: readonly string[] = []): Promise<void> {
  const rows = await db.all<{ id: string }>(sql`SELECT id FROM lists`)
  const known = rows.map(({ id }) => id)
  const unknown = lists.find((list) => !known.includes(list))
  if (unknown !== undefined) throw wrong(`list=${unknown}: ${didYouMean(unknown, known)}`)
}

async function readSegment(mailshot: Mailshot, text: string | null): Promise<string | undefined> {
  if (text === null) return undefined
  const read = readCondition(text, mailshot.config)
  if ('wrong' in read) throw wrong(`segment: ${explainFault(text, read.wrong)}`)
  const unknown = await unknownMails(mailshot, [read.condition])
  if (unknown !== undefined) throw wrong(`segment: ${unknown}`)
  return read.condition
}

async function* textOf(
  mailshot: Mailshot,
  { kinds, ...how }: ExportRequest,
): AsyncGenerator<string> {
  const opened = openExport(mailshot)
  try {
    for (const kind of kinds) {
      for await (const text of opened.text({ ...how, kind, pageRows })) {
        yield text
        // Deliveries of the same process get their turn.
        await setImmediate()
      }
    }
  } finally {
    opened.close()
  }
}

/** The text as it is asked for, until its reader is gone or asks no more. */
function streamOf(text: AsyncGenerator<string>, stallMs: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stalled: NodeJS.Timeout | undefined
  const end = async () => {
    clearTimeout(stalled)
    await text.return(undefined)
  }
  return new ReadableStream({
    async pull(controller) {
      clearTimeout(stalled)
      const { value, done } = await text.next()
      if (done) return controller.close()
      controller.enqueue(encoder.encode(value))
      stalled = setTimeout(() => {
        controller.error(new Error('the reader of an export took nothing for too long'))
        void end()
      }, stallMs)
    },
    cancel: end,
  })
}

function wrong(message: string): MailshotError {
  return new MailshotError(message, { code: 'invalid' })
}
