import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'

/** All that a condition may ask of a person, as it is written into the tables. */
export interface InventedPerson {
  id: number
  email: string
  name: string
  lang: string | null
  attributes: Record<string, string | number | boolean>
  /** When they agreed to be counted by name. */
  agreedAt: number | null
  places: { list: string; status: string; at: number }[]
  consents: { list: string; at: number | null }[]
  mails: { send: string; status: string; delivery: string | null; at: number }[]
  reports: { send: string; type: string; url: string | null; isMachine: boolean; at: number }[]
}

/** Values that are like each other, and some that would harm a query made of them. */
export const texts = [
  'Lyon',
  'LYON',
  'Saint-Étienne',
  'saint-étienne',
  'Saint',
  "L'Haÿ",
  'ΣΑΣ',
  'straße',
  'STRASSE',
  'İzmir',
  '𐐀x',
  '𐐨X',
  '%',
  '_',
  'yon',
  '12',
  'a"b',
  `x' OR '1'='1`,
  `x"); DROP TABLE subscribers; --`,
  '?',
  '$.city',
  'Ёлкино',
  'St*',
  '[x]',
]
export const langs = ['fr', 'fr-CA', 'FR', 'pt', 'pt-BR', 'de', 'frr']
export const sends = [
  { id: 's1', slug: 'june', startedAt: Date.UTC(2026, 5, 1) },
  { id: 's2', slug: 'june', startedAt: Date.UTC(2026, 5, 3) },
  { id: 's3', slug: 'july', startedAt: Date.UTC(2026, 6, 1) },
]

/** Around now, with the first and the last moment of days among them. */
function times(now: number) {
  const day = 86_400_000
  return fc.oneof(
    fc.integer({ min: now - 500 * day, max: now + day }),
    // Midnight in Paris, in winter and in summer, and the moment before.
    fc.constantFrom(
      Date.UTC(2026, 10, 21, 23),
      Date.UTC(2026, 10, 20, 23),
      Date.UTC(2026, 7, 22, 22),
    ),
    fc.constantFrom(Date.UTC(2026, 10, 21, 23) - 1, Date.UTC(2026, 7, 22, 22) - 1),
  )
}

export const days = [
  '2025-11-22',
  '2026-01-31',
  '2026-11-21',
  '2026-11-22',
  '2026-11-23',
  '2027-02-28',
  '9999-12-31',
]

const attributes = fc.record(
  {
    city: fc.oneof(fc.constantFrom(...texts), fc.constant(12)),
    plan: fc.constantFrom('free', 'pro'),
    age: fc.oneof(fc.constantFrom(17, 18, 18.5, -3), fc.constant('18')),
    member: fc.boolean(),
    renewal: fc.oneof(fc.constantFrom(...days), fc.constant('never')),
  },
  { requiredKeys: [] },
)

/** The same people each time. */
export function inventPeople(count: number, now: number): InventedPerson[] {
  const time = times(now)
  const list = fc.constantFrom('weekly', 'product')
  const send = fc.constantFrom(...sends.map(({ id }) => id))
  const once = <Item extends object>(items: fc.Arbitrary<Item>, key: keyof Item) =>
    fc.uniqueArray(items, { maxLength: 3, selector: (item) => item[key] })
  const status = fc.constantFrom('sent', 'failed', 'uncertain', 'in-hand', 'skipped')
  const delivery = fc.constantFrom(null, 'delivered', 'bounced', 'rejected')
  const type = fc.constantFrom('opened', 'clicked', 'delivered')
  const url = fc.constantFrom(null, 'https://lyon.fr/12', 'https://example.org/SAINT?x=ё')
  const place = fc.constantFrom('active', 'pending', 'unsubscribed')
  const person = fc.record({
    email: fc.constantFrom('ann', 'BOB', 'lyon'),
    name: fc.oneof(fc.constant(''), fc.constantFrom(...texts)),
    lang: fc.oneof(fc.constant(null), fc.constantFrom(...langs)),
    attributes,
    agreedAt: fc.option(fc.oneof(fc.constant(1), time)),
    places: once(fc.record({ list, status: place, at: time }), 'list'),
    consents: fc.array(fc.record({ list: fc.oneof(list, fc.constant('')), at: fc.option(time) }), {
      maxLength: 3,
    }),
    mails: once(fc.record({ send, status, delivery, at: time }), 'send'),
    reports: fc.array(fc.record({ send, type, url, isMachine: fc.boolean(), at: time }), {
      maxLength: 4,
    }),
  })
  return fc.sample(person, { numRuns: count, seed: 7 }).map((one, index) => ({
    ...one,
    id: index + 1,
    email: `${one.email.toLowerCase()}${index}@${index % 2 ? 'lyon.fr' : 'example.org'}`,
  }))
}

/** Writes them into the tables as the rest of the product does. */
export async function writePeople(mailshot: Mailshot, people: InventedPerson[]): Promise<void> {
  await mailshot.db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at) VALUES ('h', 'june', '{}', 1)`,
    ...sends.map(
      ({
        id,
        slug,
        startedAt,
      }) => sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at, started_at)
        VALUES (${id}, ${slug}, 'h', 'h', '["weekly"]', ${id}, 'first', 'done', 1, 1, ${startedAt})`,
    ),
    ...people.flatMap((one) => [
      sql`INSERT INTO subscribers (id, email, written, name, lang, attributes, tracking_agreed_at, created_at, updated_at)
        VALUES (${one.id}, ${one.email}, ${one.email}, ${one.name}, ${one.lang}, ${JSON.stringify(one.attributes)},
          ${one.agreedAt}, 1, 1)`,
      ...one.places.map(
        ({
          list,
          status,
          at,
        }) => sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at)
          VALUES (${one.id}, ${list}, ${status}, 1, ${at})`,
      ),
      ...one.consents.map(
        ({
          list,
          at,
        }) => sql`INSERT INTO consents (subscriber_id, list_id, at, source, confirmed_at)
          VALUES (${one.id}, ${list}, 1, 'form', ${at})`,
      ),
      ...one.mails.map(
        ({
          send,
          status,
          delivery,
          at,
        }) => sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status, delivery, settled_at)
          VALUES (${send}, ${one.id}, ${one.email}, '', '[]', ${status}, ${delivery}, ${at})`,
      ),
      ...one.reports.map(
        (
          { send, type, url, isMachine, at },
          index,
        ) => sql`INSERT INTO events (key, transport, type, word, at, received_at, email, url, is_machine, raw, send_id)
          VALUES (${`${one.id}.${index}`}, 'test', ${type}, '', ${at}, 1, ${one.email}, ${url}, ${isMachine ? 1 : 0}, '{}', ${send})`,
      ),
    ]),
  )
}
