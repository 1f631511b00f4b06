import type { Mailshot } from '../mailshot.ts'
import { presentAddresses } from '../subscriber/addresses.ts'
import type { Answered, Member } from './members.ts'

const atOnce = 1000

/** The same answer by the addresses that its people have now, each person once: one of before stands for whoever changed it here. */
export async function byPresentAddress(mailshot: Mailshot, answered: Answered): Promise<Answered> {
  const emails = [...answered.members.keys()]
  const members = new Map<string, Member>()
  for (let from = 0; from < emails.length; from += atOnce) {
    const some = emails.slice(from, from + atOnce)
    const present = await presentAddresses(mailshot, some)
    for (const [former, email] of present) {
      const member = answered.members.get(former)
      if (member && !answered.members.has(email)) members.set(email, { ...member, email })
    }
    for (const email of some) {
      const member = answered.members.get(email)
      if (member && !present.has(email)) members.set(email, member)
    }
  }
  return { ...answered, members }
}
