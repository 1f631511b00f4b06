import type { Mailshot } from '../mailshot.ts'
import { tendBurst } from './burst.ts'
import { purgeAttempts } from './limit.ts'

const looks = new WeakMap<Mailshot['config'], number>()
const minute = 60_000

/** Once a minute: forgets attempts that count no more, and releases what a burst had held. A worker calls it twice a second. */
export async function tendAbuse(mailshot: Mailshot): Promise<void> {
  const now = mailshot.now()
  if (now - (looks.get(mailshot.config) ?? -Infinity) < minute) return
  looks.set(mailshot.config, now)
  await purgeAttempts(mailshot)
  await tendBurst(mailshot)
}
