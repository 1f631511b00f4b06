import { setTimeout } from 'node:timers/promises'
import { createClient } from '@libsql/client'
import { sql } from 'drizzle-orm/sql'
import { z } from 'zod'
import { isBusy } from '../../db/patience.ts'
import { cutOff } from './network.ts'
import { mailshotCommand, type Worker } from './process.ts'
import type { Run } from './run.ts'
import { slug } from './site.ts'
import { enlisted } from './strike.ts'

const startAnswer = z.object({ created: z.boolean() })

/** Two processes start the same send at the same moment; one of them makes it. */
export async function startTwice(run: Run, options: string[] = []): Promise<void> {
  const answers = await Promise.all([trigger(run, options), trigger(run, options)])
  const made = answers.filter((created) => created).length
  // Without a send there is nothing to torture.
  if (made === 0) throw new Error(run.account.violations.join('\n'))
  if (made > 1) run.account.violations.push(`two triggers at once made ${made} sends`)
}

/** The same trigger once more, as it was or for the rest, while the send runs: it makes no other. */
export async function triggerAgain(run: Run): Promise<void> {
  run.account.triggers += 1
  const options = run.chance.below(2) === 0 ? [] : ['--again']
  if (await trigger(run, options)) {
    run.account.violations.push(`a second trigger made a second send (${options.join(' ')})`)
  }
}

async function trigger(run: Run, options: string[]): Promise<boolean | undefined> {
  const out = await must(run, ['send', slug, ...options, '--yes', '--json'])
  return out === undefined ? undefined : startAnswer.parse(JSON.parse(out)).created
}

/** Pauses, looks that nothing leaves any more, and resumes. */
export async function pauseForAWhile(run: Run): Promise<void> {
  await must(run, ['pause', slug])
  await handsEmpty(run)
  const before = run.side.readBook().length
  await setTimeout(200)
  // One that wakes meanwhile finishes what it had in hand before the pause.
  const late = run.side
    .readBook()
    .slice(before)
    .filter((line) => isCampaign(line) && !run.sleepers.has(line.worker))
  if (late.length > 0) {
    const whose = [...new Set(late.map(({ worker }) => worker))].join(', ')
    run.account.violations.push(`${late.length} mails left a paused send, from ${whose}`)
  }
  await must(run, ['resume', slug])
  run.account.pauses += 1
}

/** What dead and stopped processes hold stays until their leases run out; nothing of it leaves by itself. */
export async function handsEmpty({ site, workers }: Run): Promise<void> {
  const pids = JSON.stringify(
    workers.filter(({ state }) => state === 'running').map(({ pid }) => pid),
  )
  for (;;) {
    const held = await site.mailshot.db.get(
      sql`SELECT 1 FROM recipients WHERE status = 'in-hand' AND worker_id IN (
            SELECT id FROM workers WHERE pid IN (SELECT value FROM json_each(${pids})))`,
    )
    if (!held) return
    await setTimeout(20)
  }
}

/**
 * Another process holds the one write lock, as a careless backup or a shell that was left open does; or the server of a remote
 * database is gone. Those who mail, and whoever `begins` in it, say what they wait for.
 */
export async function lockDatabase(run: Run, begins: () => Worker): Promise<void> {
  const { site, options, account, workers } = run
  let waiting = workers.filter(({ state }) => state === 'running')
  if (site.server) {
    // One that is only just opening it would end, and say why.
    for (const worker of waiting) await enlisted(run, worker)
    await cutOff(site.server, options.lockMs, options.seed + account.locks)
  } else {
    const unlock = await lock(site.mailshot.db.url)
    waiting = [...waiting, begins()]
    await setTimeout(options.lockMs)
    await unlock()
  }
  account.locks += 1
  for (const { name, output } of waiting) {
    if (options.lockMs < firstWordMs || waitingWord.test(output())) continue
    account.violations.push(`${name} did not say what it waits for:\n${output()}`)
  }
}

/** Tries again and again, since a wait of SQLite's own would stop this process, and whoever it writes for itself. */
async function lock(url: string): Promise<() => Promise<void>> {
  const other = createClient({ url, timeout: 20 })
  for (;;) {
    try {
      const transaction = await other.transaction('write')
      return async () => {
        await transaction.rollback()
        other.close()
      }
    } catch (error) {
      if (!isBusy(error)) throw error
      await setTimeout(5)
    }
  }
}

/** Workers say so after five seconds, and look twice a second. */
const firstWordMs = 6_000
const waitingWord =
  /(?:database is locked|database does not answer).+the database cannot be used for now; trying again/

/** The operator gets letters, which are not the send's. */
export function isCampaign({ to }: { to: string }): boolean {
  return !to.endsWith('@torture.example')
}

/** Runs a command that has to succeed; answers what it printed. */
export async function must(
  { site, side, account }: Run,
  args: string[],
): Promise<string | undefined> {
  const { code, out, err } = await mailshotCommand(site, side.port, args)
  if (code === 0) return out
  account.violations.push(`mailshot ${args.join(' ')} ended with ${code}: ${err}`)
  return undefined
}
