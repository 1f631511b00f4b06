import type { Person } from '../people.ts'
import { personOf } from '../people.ts'

/** An address that stands nowhere near the one before in an index, as in a real file. */
export function emailOf(n: number): string {
  return `${((n * 2_654_435_761) % 4_294_967_296).toString(36)}.${n % 7}@example${n % 50}.net`
}

/** A heading and so many rows, as a spreadsheet writes them. */
export function* csvLines(count: number): Generator<string> {
  yield 'email;prenom;nom;langue;listes;statut;city\r\n'
  for (let n = 1; n <= count; n += 1) {
    const { firstname, lastname, city } = attributesOf(n)
    yield `${emailOf(n)};${firstname};"${lastname}";${langOf(n)};weekly;actif;${city}\r\n`
  }
}

export function attributesOf(n: number): Person['attributes'] {
  return personOf(n).attributes
}

export function langOf(n: number): string {
  return n % 3 === 0 ? 'en' : 'fr'
}
