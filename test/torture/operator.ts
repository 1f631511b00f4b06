import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { z } from 'zod'
import { readSend } from '../../integrations/mailshot/send.ts'
import type { Run } from './run.ts'
import { slug } from './site.ts'
import { must, startTwice } from './steer.ts'

/** How often it is looked whether somebody is uncertain, every 50 ms. */
const rounds = 1200

interface Doubtful {
  email: string
  messageId: string
}

const settledAnswer = z.object({ settled: z.number() })
const resentAnswer = z.object({ resent: z.number() })

/**
 * Does with the uncertain ones what docs/reliability.md tells the operator to do: settles them by the mail server's book, and
 * has those mailed who are not in it. Half of them stay as they are; one or two of these are mailed once more, whatever they got.
 */
export async function settleByBook(run: Run): Promise<void> {
  const { byHand } = run.account
  const { id } = await readSend(run.site.mailshot, slug)
  await makeDoubt(run, id)
  const doubtful = run.chance.shuffle(await leftByTheGone(run, id))
  const mailed = new Set(run.side.readBook().map(({ messageId }) => messageId))
  const halves = [true, false].map((isMailed) => {
    const some = doubtful.filter(({ messageId }) => mailed.has(messageId) === isMailed)
    return some.slice(0, Math.ceil(some.length / 2)).map(({ email }) => email)
  })
  const [has = [], hasNot = []] = halves
  byHand.settledAsSent += await settle(run, id, { as: 'sent', emails: has })
  byHand.settledAsFailed += await settle(run, id, { as: 'failed', emails: hasNot })
  if (hasNot.length > 0) {
    const whom = run.chance.below(2) === 0 ? ['--failed'] : hasNot
    byHand.resentFailed += await resend(run, id, whom)
  }
  const settled = new Set([...has, ...hasNot])
  const left = doubtful.map(({ email }) => email).filter((email) => !settled.has(email))
  const wished = left.slice(0, 2)
  if (wished.length > 0 && (await resend(run, id, wished)) > 0) {
    byHand.resentUncertain.push(...wished)
  }
}

/** Mails are kept without a word, and lost, so that there is somebody to settle. */
async function makeDoubt(run: Run, sendId: string): Promise<void> {
  const { db } = run.site.mailshot
  const count = async () => {
    const row = await db.get<{ count: number }>(
      sql`SELECT count(*) AS count FROM recipients
          WHERE send_id = ${sendId} AND status = 'uncertain' AND reason NOT LIKE '%died%'`,
    )
    return row?.count ?? 0
  }
  const before = await count()
  for (let round = 0; round < rounds && (await count()) < before + 2; round++) {
    if ((await readSend(run.site.mailshot, sendId)).status === 'done') return
    // Every second again, since a letter may have been what was cut.
    if (round % 20 === 0) {
      for (const step of ['accepted', 'dot'] as const) run.side.tell({ type: 'cut', step })
    }
    await setTimeout(50)
  }
}

/**
 * Who is uncertain, and will stay so: left by a process that is dead, and of which the server hears nothing more, or by a
 * connection that broke. Of one that sleeps there may be an answer yet.
 */
async function leftByTheGone(run: Run, sendId: string): Promise<Doubtful[]> {
  const ids = JSON.stringify([...run.graves.keys()])
  const rows = await run.site.mailshot.db.all<Doubtful>(
    sql`SELECT email, message_id AS messageId FROM recipients
        WHERE send_id = ${sendId} AND status = 'uncertain'
          AND (reason NOT LIKE '%died%' OR worker_id IN (SELECT value FROM json_each(${ids})))`,
  )
  const names = new Set(run.graves.values())
  while ((await run.side.talking()).some((name) => names.has(name))) await setTimeout(20)
  return rows
}

async function settle(
  run: Run,
  id: string,
  { as, emails }: { as: 'sent' | 'failed'; emails: string[] },
): Promise<number> {
  if (emails.length === 0) return 0
  const out = await must(run, ['settle', id, '--as', as, ...emails, '--json'])
  return out === undefined ? 0 : settledAnswer.parse(JSON.parse(out)).settled
}

async function resend(run: Run, id: string, whom: string[]): Promise<number> {
  const out = await must(run, ['resend', id, ...whom, '--yes', '--json'])
  return out === undefined ? 0 : resentAnswer.parse(JSON.parse(out)).resent
}

/** Cancels the send, and starts the campaign again for the rest, twice at the same moment. */
export async function cancelAndStartAgain(run: Run): Promise<void> {
  // What one says that woke after the second freeze would come too late for it.
  await Promise.all(run.naps)
  const { id } = await readSend(run.site.mailshot, slug)
  if ((await must(run, ['cancel', id, '--yes'])) === undefined) return
  await startTwice(run, ['--again'])
  run.account.byHand.cancels += 1
}
