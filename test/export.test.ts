import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { type ExportFormat, type ExportKind, exportKinds } from '../integrations/mailshot/export.ts'
import { importSubscribers } from '../integrations/mailshot/import.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { csv } from '../integrations/mailshot/sources/csv.ts'
import { jsonl } from '../integrations/mailshot/sources/jsonl.ts'
import { suppressionList } from '../integrations/mailshot/sources/suppression-list.ts'
import { suppress } from '../integrations/mailshot/suppression.ts'
import { ownHasher } from '../integrations/mailshot/suppression/hash.ts'
import { importSuppressions } from '../integrations/mailshot/suppression/import.ts'
import { exportText } from './export/text.ts'
import { rowsFrom } from './import/state.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'

const actor = 'test'

describe('openExport', () => {
  it('keeps spreadsheets from running what people wrote', async () => {
    const mailshot = await openTestMailshot()
    const names = ['=1+1', '+1', '-1', '@sum', "'=1", '＝1', '\u200b=1', 'a=1', "'a"]
    const rows = names.map((name, n) => ({ email: `r${n}@example.org`, name, lists: ['weekly'] }))
    await importSubscribers(mailshot, rowsFrom(rows), { actor })
    const lines = (await exportOf(mailshot, 'subscribers', 'csv')).split('\r\n').slice(1, -1)
    expect(lines.map((line) => line.split(',')[2])).toEqual([
      "'=1+1",
      "'+1",
      "'-1",
      "'@sum",
      "''=1",
      "'＝1",
      "'\u200b=1",
      'a=1',
      "'a",
    ])
  })

  it('gives only the people of a list', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2, { list: 'product' })
    await addReaders(mailshot, 1, { list: 'weekly', from: 7 })
    const options = { kind: 'subscribers', format: 'jsonl', lists: ['weekly'] } as const
    const text = (await Array.fromAsync(exportText(mailshot, options))).join('')
    expect(text.match(/reader\d@/gi)).toEqual(['Reader7@'])
  })

  it('gives only the people of whom a condition is true', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2, { lang: 'fr' })
    await addReaders(mailshot, 2, { lang: 'en', from: 5 })
    const options = { kind: 'subscribers', format: 'csv', segment: 'lang = "en"' } as const
    const text = (await Array.fromAsync(exportText(mailshot, options))).join('')
    expect(text.match(/Reader\d@/g)).toEqual(['Reader5@', 'Reader6@'])
  })

  it('gives suppressions that hold the same elsewhere, the hashes too', async () => {
    const here = await openTestMailshot()
    await suppress(here, 'zoe@example.org', { reason: 'complaint', note: '=cmd; "x"', actor })
    const { kind, hashOf } = await ownHasher(here)
    await here.db.write(
      sql`INSERT INTO suppressed_hashes VALUES (${kind}, ${hashOf('gone@example.org')}, 'unsubscribe', NULL, 1)`,
    )
    for (const format of ['csv', 'jsonl'] as const) {
      const there = await openTestMailshot()
      const exported = await exportOf(here, 'suppressions', format)
      const list = suppressionList(bytesOf(exported), 'list')
      const people = importSubscribers(there, { csv, jsonl }[format](bytesOf(exported)), {
        actor,
        lists: ['weekly'],
      })
      await expect(people).rejects.toThrow('say: mailshot suppressions import')
      const summary = await importSuppressions(there, list, { actor })
      expect(summary).toMatchObject({ read: 2, changed: 2, faultCount: 0 })
      const rows = ['zoe@example.org', 'gone@example.org'].map((email, id) => ({
        email,
        id: id + 1,
        lists: ['weekly'],
      }))
      expect(await importSubscribers(there, rowsFrom(rows), { actor })).toMatchObject({
        created: 0,
        skipped: { suppressed: 2 },
      })
      expect((await exportOf(there, 'suppressions', format)).split('\n')).toEqual(
        expect.arrayContaining(exported.split('\n').filter((line) => line.includes('zoe'))),
      )
    }
  })

  it('gives what it was at one moment, and keeps nobody from writing meanwhile', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2500)
    const pages: string[] = []
    const progress: unknown[] = []
    const options = {
      kind: 'subscribers',
      format: 'csv',
      onProgress: (told: unknown) => progress.push(told),
    } as const
    for await (const page of exportText(mailshot, options)) {
      pages.push(page)
      const write = mailshot.db.within(0).write(sql`UPDATE subscribers SET name = 'changed'`)
      await expect(write).resolves.toBeDefined()
      await mailshot.db.write(
        sql`DELETE FROM subscriptions WHERE subscriber_id = 2400`,
        sql`DELETE FROM subscribers WHERE id = 2400`,
      )
    }
    const lines = pages.join('').trimEnd().split('\r\n')
    expect(lines).toHaveLength(2501)
    expect(lines.filter((line) => line.includes('changed'))).toEqual([])
    expect(progress.at(-1)).toEqual({ done: 2500, total: 2500 })
  })

  it('gives sends, recipients and events with their times as text', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(
      sql`INSERT INTO snapshots VALUES ('h', 'june', '{}', 0)`,
      sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status,
          created_at, scheduled_at)
        VALUES ('s1', 'june', 'c', 'h', '["weekly"]', 't', 'first', 'running', 0, 60000)`,
      sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status, claim_id)
        VALUES ('s1', 1, 'zoe@example.org', 'Zoe@example.org', '["weekly"]', 'pending', 'secret')`,
      sql`INSERT INTO events (key, transport, type, word, at, received_at, raw)
        VALUES ('k', 'smtp', 'bounced', 'bounce', 1, 2, '{"n":12345678901234567890}')`,
    )
    const [, send] = (await exportOf(mailshot, 'sends', 'jsonl')).split('\n')
    expect(JSON.parse(send ?? '')).toMatchObject({
      id: 's1',
      lists: ['weekly'],
      scheduledAt: '1970-01-01T00:01:00.000Z',
    })
    const recipients = await exportOf(mailshot, 'recipients', 'csv')
    expect(recipients).toContain('zoe@example.org,Zoe@example.org,"[""weekly""]"')
    expect(recipients).not.toContain('secret')
    expect(await exportOf(mailshot, 'events', 'csv')).toContain('12345678901234567890')
  })

  it('gives nothing that an import of subscribers takes for people, but themselves', async () => {
    const mailshot = await openTestMailshot()
    const told = await Promise.all(
      exportKinds.map(async (kind) => {
        const people = csv(bytesOf(await exportOf(mailshot, kind, 'csv')), { name: 'file.csv' })
        return importSubscribers(mailshot, people, { actor }).catch((error: Error) => error.message)
      }),
    )
    const refusal = (kind: string, command = 'import') =>
      `file.csv: this is an export of ${kind}, not of subscribers; say: mailshot ${command} file.csv`
    expect(told).toEqual([
      refusal('suppressions', 'suppressions import'),
      refusal('lists'),
      expect.objectContaining({ read: 0 }),
      ...['snapshots', 'media', 'sends', 'recipients', 'events'].map((kind) => refusal(kind)),
    ])
  })
})

async function exportOf(mailshot: Mailshot, kind: ExportKind, format: ExportFormat) {
  return (await Array.fromAsync(exportText(mailshot, { kind, format }))).join('')
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield new TextEncoder().encode(text)
}
