import { sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from '../compile.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Send } from './read.ts'

/** The compiled campaign that a send froze, by the send's `snapshot`. */
export async function readSnapshot(mailshot: Mailshot, hash: string): Promise<CompiledCampaign> {
  const row = await mailshot.db.get<{ compiled: string }>(
    sql`SELECT compiled FROM snapshots WHERE hash = ${hash}`,
  )
  if (!row) throw new Error(`snapshot ${hash} is missing`)
  return JSON.parse(row.compiled)
}

/** Whether a send's images are where its mails say; looked at in the background, again every ten seconds. */
export type ImageWatch = (send: Send) => 'ready' | 'looking' | { missing: string }

/**
 * A reader must never open a mail whose images are not there yet, so each is asked for at its public address before the
 * send starts.
 *
 * @param onLook called when a look in the background has its result
 * @param signal gives up the looks that are under way
 */
export function openImageWatch(
  mailshot: Mailshot,
  onLook: () => void = () => {},
  signal?: AbortSignal,
): ImageWatch {
  const looks = new Map<string, { at: number; result: ReturnType<ImageWatch> }>()
  return (send) => {
    const last = looks.get(send.id)
    if (signal?.aborted) return last?.result ?? 'looking'
    if (last && (last.result === 'ready' || mailshot.now() - last.at < lookEveryMs)) {
      return last.result
    }
    const look = { at: mailshot.now(), result: last?.result ?? 'looking' }
    for (const [id, { at }] of looks) if (look.at - at > forgetMs) looks.delete(id)
    looks.set(send.id, look)
    void lookAtImages(mailshot, send, signal).then((result) => {
      if (!signal?.aborted) look.result = result
      onLook()
    })
    return look.result
  }
}

const lookEveryMs = 10_000
/** By then a send has started, or is looked at again. */
const forgetMs = 600_000

async function lookAtImages(
  mailshot: Mailshot,
  send: Send,
  signal: AbortSignal | undefined,
): Promise<ReturnType<ImageWatch>> {
  try {
    const { images } = await readSnapshot(mailshot, send.snapshot)
    const problems = await Promise.all(images.map((url) => problemOf(url, signal)))
    const first = problems.find((problem) => problem !== undefined)
    return first === undefined ? 'ready' : { missing: first }
  } catch (error) {
    // Nobody awaits a look in the background; the next one may find the database well again.
    const reason = error instanceof Error ? error.message : String(error)
    return { missing: `its images cannot be looked at: ${reason}` }
  }
}

async function problemOf(
  url: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const problem = await askFor(url, signal)
  if (problem === undefined) return undefined
  return `waiting for its images: ${url} ${problem}; the site must serve it before the send starts`
}

async function askFor(url: string, stop: AbortSignal | undefined): Promise<string | undefined> {
  try {
    const limit = AbortSignal.timeout(10_000)
    const signal = stop ? AbortSignal.any([stop, limit]) : limit
    const response = await fetch(url, { method: 'HEAD', signal })
    return response.ok ? undefined : `answers ${response.status}`
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return `does not answer (${cause instanceof Error ? cause.message : String(cause)})`
  }
}
