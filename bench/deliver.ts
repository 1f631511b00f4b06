import { fileURLToPath } from 'node:url'
import { createClient } from '@libsql/client'
import { measure } from './measure.ts'
import type { Run } from './rounds.ts'
import { copyOf, environment, type PreparedSend } from './send.ts'
import type { Server } from './server.ts'

const bin = fileURLToPath(new URL('../integrations/mailshot/bin.mjs', import.meta.url))
const config = fileURLToPath(new URL('site/mailshot.config.ts', import.meta.url))

/**
 * Mails a prepared send with `mailshot deliver --until-done`, a real process on a copy of its database, and makes sure that
 * all were sent. What it took is read in the database: from the first mark in hand to the last settled outcome.
 */
export async function deliverTo(
  sink: Server,
  send: PreparedSend,
  env: Record<string, string> = {},
): Promise<Run> {
  const database = copyOf(send)
  const sinkCpu = sink.cpuSeconds()
  const args = [bin, 'deliver', '--until-done', '--json', '--config', config]
  const { out, err, seconds, cpuSeconds, peakMegabytes } = await measure(process.execPath, args, {
    ...environment,
    BENCH_PORT: String(sink.port),
    MAILSHOT_DATABASE_URL: `file:${database}`,
    ...env,
  })
  const report: { sent: number } = JSON.parse(out)
  const { sent, mailing } = await readHistory(database)
  if (report.sent !== send.recipients || sent !== send.recipients) {
    throw new Error(`${sent} of ${send.recipients} were sent:\n${out}${err}`)
  }
  return {
    mails: sent,
    seconds: mailing,
    startSeconds: seconds - mailing,
    cpuSeconds,
    sinkCpuSeconds: sink.cpuSeconds() - sinkCpu,
    peakMegabytes,
  }
}

async function readHistory(database: string): Promise<{ sent: number; mailing: number }> {
  const client = createClient({ url: `file:${database}` })
  const { rows } = await client.execute(
    `SELECT count(*) AS sent, (max(settled_at) - min(in_hand_at)) / 1000.0 AS mailing
     FROM recipients WHERE status = 'sent'`,
  )
  client.close()
  return { sent: Number(rows[0]?.['sent']), mailing: Number(rows[0]?.['mailing']) }
}
