import type { Mailshot } from '../mailshot.ts'
import { presentAddresses } from '../subscriber/addresses.ts'
import type { ImportedPerson } from './person.ts'

/**
 * The same people by the addresses that they have now: one of before, that nobody has any more, stands for whoever changed it here. What kept
 * mail from the old address goes on being about that.
 */
export async function byPresentAddress(
  mailshot: Mailshot,
  people: readonly ImportedPerson[],
): Promise<ImportedPerson[]> {
  const present = await presentAddresses(
    mailshot,
    people.map(({ email }) => email),
  )
  return people.map((person) => {
    const email = present.get(person.email)
    if (email === undefined) return person
    const formerSuppressions = person.suppressions.map((one) => ({ ...one, email: person.email }))
    return { ...person, email, suppressions: [], formerSuppressions }
  })
}
