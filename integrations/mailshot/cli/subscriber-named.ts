import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { findSubscriber, type Subscriber } from '../subscriber/read.ts'
import { findSuppression } from '../suppression.ts'
import { parseAddress } from './arguments.ts'
import { formatTime } from './format.ts'

interface Named {
  positionals: string[]
}

/** The person that a command is about. @throws MailshotError when nobody has that address */
export async function personNamed(call: Named, mailshot: Mailshot): Promise<Subscriber> {
  const address = addressOf(call)
  const person = await findSubscriber(mailshot, address)
  if (person) return person
  const suppression = await findSuppression(mailshot, address)
  const more = suppression
    ? `; it is suppressed (${suppression.reason}) since ${formatTime(suppression.at, mailshot.config.timeZone)}`
    : ''
  throw new MailshotError(`${address}: nobody has this address here${more}`)
}

/** The address that `subscribers <action> <address>` names. @throws MailshotError when there is none */
export function addressOf({ positionals: [action, address] }: Named): string {
  if (address && parseAddress(address)) return address
  throw new MailshotError(`subscribers ${action}: which address?`)
}
