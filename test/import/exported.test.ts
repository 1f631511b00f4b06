import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { findLetter } from '../../integrations/mailshot/archive.ts'
import { importExports } from '../../integrations/mailshot/cli/import-exports.ts'
import type { ExportedTable } from '../../integrations/mailshot/export/table.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { importExported } from '../../integrations/mailshot/import/exported.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { sendJson } from '../../integrations/mailshot/send/json.ts'
import { listSends, readSend } from '../../integrations/mailshot/send/read.ts'
import { readStatistics } from '../../integrations/mailshot/send/statistics.ts'
import { exportedTable } from '../../integrations/mailshot/sources/exported.ts'
import { jsonl } from '../../integrations/mailshot/sources/jsonl.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { recordingTerminal } from '../cli/recording-terminal.ts'
import { exportText } from '../export/text.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { report } from '../past-sends.ts'
import { addReaders } from '../people.ts'
import { sendCampaign, startCampaign } from '../sent-campaign.ts'

const actor = 'test'
const tables = ['snapshots', 'media', 'sends', 'recipients', 'events'] as const
const files = {
  'june.md':
    '---\nsubject: June\nlists: [weekly]\nlang: fr\n---\n\nRead [this](https://example.org/a).\n',
}

describe('importExported', () => {
  it('brings in a history that is the same, whole or broken off and run again', async () => {
    const here = await mailed()
    const there = await openTestMailshot()
    await move(here, there)
    for (const table of tables) {
      expect(await rowsOf(there, table)).toEqual(await rowsOf(here, table))
    }
    const { id } = await readSend(here, 'june')
    expect(sendJson(await readSend(there, id))).toEqual(sendJson(await readSend(here, id)))
    expect(await readStatistics(there, id)).toEqual(await readStatistics(here, id))
    const image = sql`SELECT bytes FROM media`
    expect(await there.db.get(image)).toEqual(await here.db.get(image))
    const letter = await findLetter(here, { slug: 'june' })
    expect(letter).toMatchObject({ title: 'June' })
    expect(await findLetter(there, { slug: 'june' })).toEqual(letter)
    expect(await listRecipients(there, { sendId: id })).toEqual(
      await listRecipients(here, { sendId: id }),
    )
    const broken = await openTestMailshot()
    await importPeople(here, broken)
    for (const table of tables) {
      const all = await rowsOf(here, table)
      const half = all.slice(0, Math.ceil(all.length / 2))
      await bringIn(broken, table, half.join('\n'))
      const summary = await bringIn(broken, table, await textOf(here, table))
      expect(summary).toMatchObject({ created: all.length - half.length, faultCount: 0 })
      expect(await rowsOf(broken, table)).toEqual(all)
    }
    expect(await readStatistics(broken, id)).toEqual(await readStatistics(here, id))
  })

  it('mails nobody of a send that was open, and its counters add up', async () => {
    const here = await openTestMailshot()
    await addReaders(here, 4)
    const { id } = await startCampaign(here, files)
    const statuses = ['sent', 'in-hand', 'deferred', 'pending']
    await here.db.write(
      sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status)
        SELECT ${id}, id, email, written, '["weekly"]', ${JSON.stringify(statuses)} ->> (id - 1) FROM subscribers WHERE true
        ON CONFLICT DO UPDATE SET status = excluded.status`,
      sql`UPDATE sends SET status = 'running', total = 4, sent = 1 WHERE id = ${id}`,
    )
    const transport = memory()
    const there = await openTestMailshot({ transport })
    await move(here, there)
    await deliver(there, { untilDone: true })
    expect(transport.messages).toEqual([])
    expect(await readSend(there, id)).toMatchObject({
      status: 'cancelled',
      reason: 'import: it was running',
      total: 4,
      sent: 1,
      uncertain: 1,
      cancelled: 2,
      remaining: 0,
    })
  })

  it('gives numbers anew where others are here, and leaves those alone', async () => {
    const here = await mailed()
    const there = await openTestMailshot()
    await addReaders(there, 2, { from: 11 })
    await sendCampaign(there, { 'may.md': files['june.md'] })
    const before = await rowsOf(there, 'recipients')
    await move(here, there)
    const after = await rowsOf(there, 'recipients')
    expect(after.slice(0, before.length)).toEqual(before)
    const { id } = await readSend(here, 'june')
    const row = await there.db.get(
      sql`SELECT s.id AS subscriber, r.subscriber_id AS known, r.id, e.recipient_id AS reported
        FROM subscribers AS s, recipients AS r, events AS e
        WHERE s.email = 'reader2@example.net' AND r.email = s.email AND e.email = s.email AND r.send_id = ${id}`,
    )
    expect(row).toEqual({ subscriber: 5, known: 5, id: 4, reported: 4 })
    expect(await listSends(there)).toHaveLength(2)
  })

  it('says what is wrong with a line, and takes the others', async () => {
    const here = await mailed()
    const there = await openTestMailshot()
    const faults: string[] = []
    const tell = ({ line, cause }: { line: number; cause: string }) =>
      faults.push(`${line}: ${cause}`)
    const options = { actor, onFault: tell }
    const changed = (await textOf(here, 'snapshots')).replace('Read ', 'Buy ')
    await importExported(there, exportedTable(bytesOf(changed), { kind: 'snapshots' }), options)
    const wrong = `${await textOf(here, 'sends')}{"id":"x"}\n[]\n`
    await importExported(there, exportedTable(bytesOf(wrong), { kind: 'sends' }), options)
    const recipients = exportedTable(bytesOf(await textOf(here, 'recipients')), {
      kind: 'recipients',
    })
    const summary = await importExported(there, recipients, options)
    const { id } = await readSend(here, 'june')
    expect(faults.slice(0, 5)).toEqual([
      '2: compiled is not what was sent: it differs from its hash; export it again',
      '3: slug is missing',
      '4: it is no line of JSON',
      expect.stringMatching(/^2: snapshot [\da-f]{64} is not here; import the snapshots first$/),
      `2: send ${id} is not here; import the sends first`,
    ])
    expect(summary).toMatchObject({ read: 3, created: 0, faultCount: 3 })
    expect(await listSends(there)).toEqual([])
  })

  it('stores nobody again who was erased, and nothing that was purged', async () => {
    const here = await mailed()
    const there = await openTestMailshot()
    await move(here, there)
    const { id } = await readSend(here, 'june')
    await there.db.write(
      sql`DELETE FROM events WHERE email LIKE 'reader1@%'`,
      sql`DELETE FROM recipients WHERE send_id = ${id}`,
      sql`UPDATE sends SET purged_at = 1 WHERE id = ${id}`,
    )
    await move(here, there)
    expect(await rowsOf(there, 'recipients')).toEqual([])
    expect((await rowsOf(there, 'events')).join()).not.toContain('reader1@')
    expect(await readSend(there, id)).toMatchObject({ total: 3, sent: 3 })
  })
})

describe('importExports', () => {
  it('leaves no copy of people behind where a dry run fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailshot-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'suppressions.jsonl')
    writeFileSync(path, '{"mailshot":"suppressions","keys":["damaged"]}\n')
    const mailshot = await openTestMailshot()
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    const run = importExports(mailshot, [{ path, kind: 'suppressions' }], {
      terminal: recordingTerminal(),
      dryRun: true,
    })
    await expect(run).rejects.toThrow('the key in its first line is damaged')
    expect(readdirSync(folder)).toEqual(['suppressions.jsonl'])
  })
})

/** Three readers, a send that is done, and reports of it. */
async function mailed(): Promise<TestMailshot> {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 3)
  await mailshot.db.write(sql`INSERT INTO media VALUES ('h', 'image/png', x'00ff0a', 1)`)
  const { id } = await sendCampaign(mailshot, files)
  const mail = (n: number) => ({ send: id, email: `reader${n}@example.net` })
  await report(mailshot, mail(1), { type: 'delivered' })
  await report(mailshot, mail(2), { type: 'bounced', class: 'soft', reason: 'full' })
  await report(mailshot, mail(1), { type: 'opened' })
  return mailshot
}

async function move(here: Mailshot, there: Mailshot): Promise<void> {
  await importPeople(here, there)
  for (const table of tables) await bringIn(there, table, await textOf(here, table))
}

async function importPeople(here: Mailshot, there: Mailshot): Promise<void> {
  const people = await Array.fromAsync(exportText(here, { kind: 'subscribers', format: 'jsonl' }))
  await importSubscribers(there, jsonl(bytesOf(people.join(''))), { actor })
}

function bringIn(mailshot: Mailshot, kind: ExportedTable, text: string) {
  return importExported(mailshot, exportedTable(bytesOf(text), { kind }), { actor })
}

async function textOf(mailshot: Mailshot, kind: ExportedTable): Promise<string> {
  return (await Array.fromAsync(exportText(mailshot, { kind, format: 'jsonl' }))).join('')
}

/** Without the heading, which says when it was. */
async function rowsOf(mailshot: Mailshot, kind: ExportedTable): Promise<string[]> {
  return (await textOf(mailshot, kind)).trimEnd().split('\n').slice(1)
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield new TextEncoder().encode(text)
}
