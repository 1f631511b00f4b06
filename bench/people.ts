import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'

/** An invented reader, the same for the same number. */
export interface Person {
  email: string
  attributes: { firstname: string; lastname: string; city: string; plan: string; since: string }
}

const firstNames = [
  'Zoé',
  'François',
  'Amélie',
  'Jean-Noël',
  'Anaïs',
  'Gaël',
  'Inès',
  'Marc',
  'Tom',
]
const lastNames = ['Lefèvre', 'Müller', 'O’Brien', 'Durand & fils', 'Nguyễn', 'Petit', 'Garçon']
const cities = ['Orléans', 'Besançon', 'Saint-Étienne', 'Paris', 'Nîmes', 'Angoulême', 'Sète']
const plans = ['libre', 'adhérent', 'mécène']

export function personOf(n: number): Person {
  return {
    email: `lecteur${n}@example${n % 50}.net`,
    attributes: {
      firstname: one(firstNames, n),
      lastname: one(lastNames, n),
      city: one(cities, n * 3),
      plan: one(plans, n),
      since: `${1 + (n % 28)} juin ${2000 + (n % 26)}`,
    },
  }
}

/** The number of the person with this address. */
export function numberOf(email: string): number {
  return Number(/^lecteur(\d+)@/.exec(email)?.[1])
}

/** Puts persons 1 to `count` on the list, in slices. */
export async function addPeople(mailshot: Mailshot, count: number): Promise<void> {
  for (let from = 1; from <= count; from += 10_000) {
    await addSlice(mailshot, from, Math.min(from + 9_999, count))
  }
}

async function addSlice(mailshot: Mailshot, from: number, to: number): Promise<void> {
  const people = JSON.stringify(
    Array.from({ length: to - from + 1 }, (_, index) => ({
      id: from + index,
      ...personOf(from + index),
    })),
  )
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO subscribers (id, email, written, name, lang, attributes, created_at, updated_at)
        SELECT value ->> 'id', value ->> 'email', value ->> 'email', value ->> '$.attributes.firstname', 'fr',
          value -> 'attributes', ${now}, ${now}
        FROM json_each(${people})`,
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at)
        SELECT value ->> 'id', 'weekly', 'active', ${now}, ${now} FROM json_each(${people})`,
  )
}

function one(values: readonly string[], n: number): string {
  return values[n % values.length] ?? ''
}
