import { sql } from 'drizzle-orm/sql'
import { snapshotHash } from '../../integrations/mailshot/compile/content-hash.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { wordingHash } from '../../integrations/mailshot/privacy/wording.ts'
import { ownHasher } from '../../integrations/mailshot/suppression/hash.ts'
import type { Instance } from './instance.ts'

type Row = Record<string, unknown>

const json = (value: unknown) => JSON.stringify(value)

/** Writes it straight into the tables of a database that has nothing but its lists. */
export async function fill(mailshot: Mailshot, given: Instance): Promise<void> {
  const { kind, hashOf } = await ownHasher(mailshot)
  const rows: Record<string, Row[]> = {
    lists: [
      {
        id: 'old',
        status: 'closed',
        title: json({ fr: "=l'été" }),
        public: 1,
        became: 'weekly',
        created_at: 5,
      },
    ],
    suppressed_hashes: [
      ...given.erased.map((email) => ({ kind, hash: hashOf(email), reason: 'complaint', at: 3 })),
      { kind: 'md5', hash: '0'.repeat(32), reason: 'unsubscribe', note: 'from spip', at: 4 },
    ],
    ...rowsOfPeople(given),
    ...rowsOfSends(given),
  }
  await mailshot.db.write(
    ...Object.entries(rows).map(([table, some]) => insert(table, some)),
    ...given.images.map(
      (bytes, n) =>
        sql`INSERT INTO media VALUES (${`image-${n}`}, 'image/png', ${Buffer.from(bytes)}, ${n})`,
    ),
    // Their numbers are not given again.
    sql`DELETE FROM subscribers WHERE name = 'gone'`,
    sql`DELETE FROM recipients WHERE reason = 'gone'`,
  )
}

function insert(table: string, rows: Row[]) {
  const columns = [...new Set(rows.flatMap(Object.keys))]
  const values = columns.map((name) => sql`value ->> ${name}`)
  return rows.length === 0
    ? sql`SELECT 1`
    : sql`INSERT INTO ${sql.raw(table)} (${sql.raw(columns.map((name) => `"${name}"`).join())})
        SELECT ${sql.join(values, sql`, `)} FROM json_each(${json(rows)})`
}

function rowsOfPeople({ people }: Instance): Record<string, Row[]> {
  const numbered = people.map((one, n) => ({ ...one, subscriber_id: 3 * n + 1 }))
  const words = new Map<string, Row & { first_used_at: number }>()
  const kept = numbered.filter(({ isGone }) => !isGone)
  for (const { words: said, lang, at } of kept.flatMap(({ consents }) => consents)) {
    const [hash, before] = [wordingHash(said) ?? '', words.get(wordingHash(said) ?? '')]
    if (said === null || (before && before.first_used_at <= at)) continue
    words.set(hash, { hash, text: said, lang, first_used_at: at })
  }
  return {
    subscribers: numbered.map((one) => ({
      id: one.subscriber_id,
      email: one.email,
      name: one.isGone ? 'gone' : one.name,
      written: `${one.local}@example.org`,
      lang: one.lang,
      time_zone: one.time_zone,
      attributes: json(one.attributes),
      tracking_agreed_at: one.tracking_agreed_at,
      paused_until: one.paused_until,
      created_at: one.created_at,
      updated_at: 9,
    })),
    suppressions: kept.flatMap(({ email, suppression }) =>
      suppression ? [{ email, ...suppression, note: suppression.note || null }] : [],
    ),
    subscriptions: kept.flatMap(({ subscriber_id, places }) =>
      places.map(([list_id, status, asked_at, later, reason]) => ({
        subscriber_id,
        list_id,
        asked_at,
        status: ['pending', 'active', 'unsubscribed'][status],
        active_at: status === 0 ? null : later,
        ended_at: status === 2 ? later + 1 : null,
        end_reason: status === 2 ? reason || 'page' : null,
      })),
    ),
    wordings: [...words.values()],
    consents: kept.flatMap(({ subscriber_id, consents }) =>
      consents.map(({ words: said, ...consent }) => ({
        ...consent,
        subscriber_id,
        wording: wordingHash(said),
      })),
    ),
    former_ids: kept.flatMap(({ subscriber_id, formerIds }) =>
      formerIds.map(([source, id]) => ({ source, id, subscriber_id })),
    ),
  }
}

function rowsOfSends({ people, sends }: Instance): Record<string, Row[]> {
  const rows = sends.map(({ compiled, ...one }, n) => ({
    ...one,
    id: `send-${n}`,
    trigger_key: `key-${n}`,
    total: n,
    sent: 2,
    failed: n,
    compiled: { slug: 'x', ...compiled },
  }))
  const known = rows.map((one) => ({ ...one, snapshot: snapshotHash(Object(one.compiled)) }))
  const snapshots = new Map(
    known.map(({ snapshot, compiled }) => [
      snapshot,
      { hash: snapshot, slug: 'x', compiled: json(compiled), created_at: 7 },
    ]),
  )
  const recipients = known.flatMap(({ id, recipients: some }) => [
    ...some.flatMap((one, n) => {
      const { email, local } = people[n] ?? {}
      if (email === undefined) return []
      return [
        { ...one, send_id: id, subscriber_id: 3 * n + 1, email, written: `${local}@example.org` },
      ]
    }),
    {
      send_id: id,
      subscriber_id: 0,
      email: 'purged@example.org',
      written: '',
      lists: '[]',
      status: 'sent',
      reason: 'gone',
      tries: 0,
      resend: 0,
    },
  ])
  const numbered: Row[] = recipients.map((one, n) => ({ ...one, id: 2 * n + 5 }))
  return {
    snapshots: [...snapshots.values()],
    sends: known.map((one) => without(one, ['recipients', 'events', 'counts', 'compiled'])),
    send_counts: known.flatMap(({ id, counts }) =>
      counts.map(([kind, key, n]) => ({ send_id: id, kind, key, n })),
    ),
    recipients: numbered,
    events: known
      .flatMap(({ id, events: some }) => some.map((one) => ({ ...one, send_id: id })))
      .map(({ whose, isOfNobody, ...one }, n): Row => {
        const mine = numbered.filter(
          ({ send_id, reason }) => send_id === one.send_id && reason !== 'gone',
        )
        const of = isOfNobody ? undefined : mine[whose % (mine.length || 1)]
        const matched = { email: of?.['email'], recipient_id: of?.['id'] }
        return {
          ...one,
          ...(of ? matched : { email: null, send_id: null }),
          id: n + 3,
          key: `key-${n}`,
        }
      }),
  }
}

function without(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))
}
