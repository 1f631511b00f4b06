import { hash } from 'node:crypto'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { compiledFrom } from '../../integrations/mailshot/import/former-mail.ts'
import { type FormerSend, importHistory } from '../../integrations/mailshot/import/history.ts'
import { openRehearsal } from '../../integrations/mailshot/import/rehearsal.ts'
import { listLetters } from '../../integrations/mailshot/archive.ts'
import { purge } from '../../integrations/mailshot/purge.ts'
import { listSends, readSend } from '../../integrations/mailshot/send/read.ts'
import { readStatistics } from '../../integrations/mailshot/send/statistics.ts'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { spip } from '../../integrations/mailshot/sources/spip.ts'
import type { TableValue } from '../../integrations/mailshot/sources/tables.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { bytesOf, dumpOf } from '../sources/table-rows.ts'

const actor = 'test'
const columns =
  'id_mailshot sujet html texte listes from_email total current failed nb_read nb_clic nb_spam date date_start statut'

describe('importHistory', () => {
  it('shows the sends of a SPIP site with their contents, recipients and what came of them', async () => {
    const mailshot = await openTestMailshot()
    const told: unknown[] = []
    const onProgress = (progress: unknown) => told.push(progress)
    expect(await importHistory(mailshot, site(), { actor, onProgress })).toMatchObject({
      sends: 3,
      recipients: 7,
    })
    expect(told.at(-1)).toEqual({ read: 9, total: 9 })
    expect(await listSends(mailshot)).toMatchObject([
      { slug: 'spip-9', status: 'done', total: 120, sent: 118, failed: 2, remaining: 0 },
      { slug: 'spip-7', status: 'cancelled', total: 2, sent: 1, cancelled: 1, reason: 'import' },
      {
        slug: 'spip-4',
        status: 'done',
        lists: ['weekly', 'product'],
        startedAt: Date.UTC(2019, 0, 1, 9),
        finishedAt: Date.UTC(2019, 0, 1, 10),
        total: 5,
        sent: 4,
        failed: 1,
        remaining: 0,
      },
    ])
    expect(await readStatistics(mailshot, 'spip-4')).toMatchObject({
      recipients: { sent: 4, failed: 1 },
      opened: { count: 2, people: 2 },
      clicked: { count: 1, people: 1 },
      complained: 1,
    })
    expect(await readStatistics(mailshot, 'spip-9')).toMatchObject({
      opened: { count: 40, people: 0 },
      complained: 1,
      purgedAt: '2026-11-22T12:00:00.000Z',
    })
    const snapshot = await mailshot.db.get<{ compiled: string }>(
      sql`SELECT compiled FROM snapshots WHERE slug = 'spip-4'`,
    )
    expect(JSON.parse(snapshot?.compiled ?? '')).toMatchObject({
      from: { name: '', address: 'news@example.org' },
      variants: { fr: { subject: ['Bonjour ', { output: 'nom', escape: 'header' }] } },
    })
  })

  it('mails nobody, shows nothing in the archive, and suppresses nobody', async () => {
    const mailshot = await openTestMailshot()
    await importHistory(mailshot, site(), { actor })
    expect(await listLetters(mailshot, { lang: 'fr' })).toEqual([])
    const open = sql`SELECT 1 FROM recipients WHERE status NOT IN ('sent', 'failed', 'cancelled')
      UNION ALL SELECT 1 FROM suppressions UNION ALL SELECT 1 FROM letters`
    expect(await mailshot.db.all(open)).toEqual([])
  })

  it('ends the same run once, twice, or broken off and run again', async () => {
    const [whole, broken] = [await openTestMailshot(), await openTestMailshot()]
    await importHistory(whole, site(), { actor })
    const stop = new AbortController()
    const source = site()
    const stopping = {
      ...source,
      async *sends() {
        for await (const send of source.sends()) {
          yield send
          stop.abort()
        }
      },
    }
    const summary = await importHistory(broken, stopping, { actor, signal: stop.signal })
    expect(summary).toMatchObject({ recipients: 5, stopped: true })
    await importHistory(broken, site(), { actor })
    const state = await stateOf(whole)
    expect(await stateOf(broken)).toEqual(state)
    expect(await importHistory(broken, site(), { actor })).toMatchObject({
      sends: 0,
      recipients: 0,
    })
    expect(await stateOf(broken)).toEqual(state)
  })

  it('stores nothing again that was purged here since', async () => {
    const mailshot = await openTestMailshot()
    await importHistory(mailshot, site(), { actor })
    const { id, slug, finishedAt } = await readSend(mailshot, 'spip-4')
    const plan = { id, slug, finishedAt, recipients: 5, events: 0, isTrash: false }
    await purge(mailshot, { sends: [plan], before: null, hasOthers: false }, { actor })
    const state = await stateOf(mailshot)
    await importHistory(mailshot, site(), { actor })
    expect(await stateOf(mailshot)).toEqual(state)
  })

  it('says what it would bring in, exactly, and writes nothing', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(sql`INSERT INTO suppressed_hashes (kind, hash, reason, at)
      VALUES ('md5', ${hash('md5', 'ada@example.org')}, 'unsubscribe', 1)`)
    const rehearse = async () => {
      const rehearsal = await openRehearsal(mailshot)
      const told = await importHistory(mailshot, site(), { actor, rehearsal })
      await rehearsal.close()
      return told
    }
    const before = await stateOf(mailshot)
    const told = await rehearse()
    expect(await stateOf(mailshot)).toEqual(before)
    expect(told).toEqual(await importHistory(mailshot, site(), { actor }))
    await mailshot.db.write(sql`DELETE FROM recipients WHERE email = 'bob@example.org'`)
    expect(await rehearse()).toEqual({ sends: 0, recipients: 2, stopped: false })
    expect(await importHistory(mailshot, site(), { actor })).toMatchObject({ recipients: 2 })
  })

  it('stores nobody of whom only a hash is kept', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(sql`INSERT INTO suppressed_hashes (kind, hash, reason, at)
      VALUES ('md5', ${hash('md5', 'ada@example.org')}, 'unsubscribe', 1)`)
    await importHistory(mailshot, site(), { actor })
    const { recipients } = await stateOf(mailshot)
    expect(recipients).toHaveLength(6)
    expect(JSON.stringify(recipients)).not.toContain('ada@')
  })
})

describe('compiledFrom', () => {
  it('takes old placeholders for merge fields, escaped for their place, and leaves addresses alone', async () => {
    const { config } = await openTestMailshot()
    const html =
      '<p>@nom@, @@city@@ \\#ENV{lang} @gone@ to a@nom@b.org <a href="@url_unsubscribe@">x</a> {{ nom }}</p>'
    const { variants } = compiledFrom(config, { ...mail, html }, 'old')
    expect(variants['fr']?.html).toEqual([
      '<p>',
      { output: 'nom', escape: 'html' },
      ', ',
      { output: 'city', escape: 'html' },
      ' ',
      { output: 'lang', escape: 'html' },
      '  to a@nom@b.org <a href="',
      { output: 'url_unsubscribe', escape: 'url' },
      '">x</a> {{ nom }}</p>',
    ])
  })

  it('shows a mail that was text alone as it was written', async () => {
    const { config } = await openTestMailshot()
    const { variants } = compiledFrom(config, { ...mail, text: 'a < b, @nom@' }, 'old')
    expect(variants['fr']?.html).toEqual([
      '<pre>a &lt; b, ',
      { output: 'nom', escape: 'html' },
      '</pre>',
    ])
  })
})

const mail: FormerSend = {
  id: '1',
  subject: '',
  html: '',
  text: '',
  lists: [],
  startedAt: 0,
  finishedAt: 0,
  status: 'done',
  counts: { total: 0, sent: 0, failed: 0, opened: 0, clicked: 0, complained: 0 },
  recipients: () => [],
}

function site() {
  const [start, end] = ['2019-01-01 10:00:00', '2019-01-01 11:00:00']
  const send = (id: number, statut: string, more: TableValue[] = [0, 0, 0, 0, 0, 0]) => [
    id,
    'Bonjour @nom@',
    '<p>Été</p>',
    'Été',
    'newsletter::weekly,product+2',
    'news@example.org',
    ...more,
    end,
    start,
    statut,
  ]
  const dump = dumpOf({
    spip_mailshots: {
      columns: columns.split(' '),
      rows: [
        send(4, 'end'),
        send(7, 'processing'),
        send(8, 'init'),
        send(9, 'archive', [120, 120, 2, 40, 9, 1]),
      ],
    },
    spip_mailshots_destinataires: {
      columns: ['id_mailshot', 'email', 'date', 'statut'],
      rows: [
        [4, 'Zoe@example.org', end, 'read'],
        [4, 'zoe@example.org', end, 'sent'],
        [4, 'bob@example.org', end, 'clic'],
        [4, 'eve@example.org', end, 'fail'],
        [4, 'max@example.org', end, 'spam'],
        [4, 'ada@example.org', end, 'sent'],
        [4, 'no address', end, 'sent'],
        [7, 'zoe@example.org', end, 'sent'],
        [7, 'bob@example.org', end, 'todo'],
      ],
    },
  })
  const { history } = spip(mysqlDump(bytesOf(dump)), { timeZone: 'Europe/Paris' })
  if (!history) throw new Error('a SPIP site has a history')
  return history
}

async function stateOf({ db }: TestMailshot) {
  return {
    sends: await db.all(
      sql`SELECT id, slug, status, total, sent, failed, cancelled FROM sends ORDER BY id`,
    ),
    recipients: await db.all(
      sql`SELECT send_id, email, written, status, settled_at FROM recipients ORDER BY send_id, email`,
    ),
    events: await db.all(
      sql`SELECT send_id, email, type FROM events ORDER BY send_id, email, type`,
    ),
    counts: await db.all(sql`SELECT * FROM send_counts ORDER BY send_id, kind, key`),
  }
}
