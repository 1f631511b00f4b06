import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from './mailshot.ts'
import type { Sender } from './sender.ts'

/** Others' writes are over within that time, or something is wrong. */
const patienceMs = 2_000

/** What anyone may know of a running site: whether it can do its work. */
export interface Health {
  status: 'ok' | 'failing'
  /** `failing`: it does not answer, or cannot be written. */
  database: 'ok' | 'failing'
  /** `held`: nothing may be sent from this database; `off`: another process is to send. */
  sender: ReturnType<Sender['state']> | 'off' | 'held'
}

/** Asks the database, also whether it can be written, and looks at the sender. `failing` is answered with 503, so that a monitor sees it. */
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
    const soon = db.within(patienceMs)
    // Takes the lock of a write and changes nothing: that costs no disk.
    await soon.all(sql`UPDATE meta SET value = value WHERE key = ''`)
    if (db.isWritable()) return held
    // A write has failed, the sender's perhaps. One that succeeds lets the next look be a better one.
    await soon.write(sql`INSERT INTO meta (key, value) VALUES ('written', '1')
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
    return false
  } catch {
    // The cause is in the server's log; strangers who look here need not know it.
    return false
  }
}
