import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from './mailshot.ts'
import type { Sender } from './sender.ts'

/** What anyone may know of a running site: whether it can do its work. */
export interface Health {
  status: 'ok' | 'failing'
  database: 'ok' | 'failing'
  /** `held`: nothing may be sent from this database; `off`: another process is to send. */
  sender: ReturnType<Sender['state']> | 'off' | 'held'
}

/** Asks the database, and looks at the sender. `failing` is answered with 503, so that a monitor sees it. */
export async function readHealth(
  open: () => Promise<Mailshot>,
  senderState: () => ReturnType<Sender['state']> | 'off',
): Promise<Health> {
  const held = await findHeld(open)
  const sender = typeof held === 'string' ? 'held' : senderState()
  const isWell = held !== false && sender !== 'failing'
  return {
    status: isWell ? 'ok' : 'failing',
    database: held === false ? 'failing' : 'ok',
    sender,
  }
}

/** The reason the database is held for; false where it does not answer. */
async function findHeld(open: () => Promise<Mailshot>): Promise<string | undefined | false> {
  try {
    const { db, held } = await open()
    await db.get(sql`SELECT 1 FROM sends LIMIT 1`)
    return held
  } catch {
    // The cause is in the server's log; strangers who look here need not know it.
    return false
  }
}
