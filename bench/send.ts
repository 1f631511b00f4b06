import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { pino } from 'pino'
import { readCampaign } from '../integrations/mailshot/campaign.ts'
import { compileCampaign, type CompiledCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfig } from '../integrations/mailshot/config.ts'
import { type Mailshot, openMailshot } from '../integrations/mailshot/mailshot.ts'
import { startSend } from '../integrations/mailshot/send.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import { slug, writeCampaign } from './campaign.ts'
import { addPeople } from './people.ts'

/** A folder for all that a bench writes; gone when the process ends. */
export const folder = mkdtempSync(join(tmpdir(), 'mailshot-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** What the bench's site, its commands and this process run with. */
export const environment: Record<string, string> = {
  BENCH_CAMPAIGNS: join(folder, 'campaigns'),
  MAILSHOT_SECRET: 'a-secret-for-benches-of-at-least-32-characters',
  MAILSHOT_DATABASE_URL: '',
  NO_COLOR: '1',
}
Object.assign(process.env, environment)

/** The settings of the bench's site, as its commands read them. */
export async function benchConfig(): Promise<MailshotConfig> {
  return (await import('./site/mailshot.config.ts')).default
}

/** The campaign that all benches mail, compiled by the project as any other. */
export async function compileBenchCampaign(config: MailshotConfig) {
  writeCampaign(config.campaigns)
  const { compiled, media, problems } = await compileCampaign(
    config,
    await readCampaign(config, slug),
  )
  if (problems.length > 0) throw new Error(problems.map(({ what }) => what).join('\n'))
  return { compiled, media }
}

/** A send that waits in a database of its own, to be copied for each run. */
export interface PreparedSend {
  file: string
  recipients: number
  compiled: CompiledCampaign
}

/** Makes a database with so many readers and one send to all of them; frozen, so that only mailing is left. */
export async function prepareSend(
  recipients: number,
  { frozen = true, site }: { frozen?: boolean; site?: string } = {},
): Promise<PreparedSend> {
  const file = join(folder, `send-${recipients}-${frozen ? 'frozen' : 'scheduled'}.db`)
  const config = { ...(await benchConfig()), ...(site && { site }), database: `file:${file}` }
  const { compiled, media } = await compileBenchCampaign(config)
  const mailshot = await openMailshot(config, { create: true, log: pino({ level: 'silent' }) })
  await addPeople(mailshot, recipients)
  await startSend(mailshot, compiled, media, { actor: 'bench' })
  if (frozen) await freeze(mailshot)
  await mailshot.close()
  await emptyLog(file)
  return { file, recipients, compiled }
}

/** A copy of a prepared send's database; the copy before is gone. */
export function copyOf(send: PreparedSend): string {
  const file = join(folder, 'run.db')
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  copyFileSync(send.file, file)
  return file
}

async function freeze(mailshot: Mailshot): Promise<void> {
  while (await tendSends(mailshot, () => 'ready'));
}

/** Brings what is only in the write-ahead log into the file, which is what gets copied. */
async function emptyLog(file: string): Promise<void> {
  const client = createClient({ url: `file:${file}` })
  await client.execute('PRAGMA wal_checkpoint(TRUNCATE)')
  client.close()
}
