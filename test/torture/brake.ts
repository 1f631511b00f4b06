import { sql } from 'drizzle-orm/sql'
import { listSends } from '../../integrations/mailshot/send.ts'
import type { Run } from './run.ts'
import { slug } from './site.ts'

/** The server answers slowly while more have been mailed than is their share. */
export function holdBack(run: Run): { stop(): void } {
  const look = async () => {
    const sends = await listSends(run.site.mailshot, slug)
    const mailed = sends.reduce((sum, { sent, uncertain }) => sum + sent + uncertain, 0)
    const ahead = mailed / run.options.recipients - run.share
    run.side.tell({ type: 'delay', ms: delayOf(ahead) })
  }
  // The database may be locked, or far away.
  const timer = setInterval(() => void look().catch(() => undefined), 50)
  return { stop: () => clearInterval(timer) }
}

function delayOf(ahead: number): number {
  if (ahead <= 0) return 3
  if (ahead <= 0.02) return 300
  // A process that is told to end waits for no answer for longer than seven seconds.
  return ahead > 0.1 ? 4000 : 1500
}

/** A cut makes the relay rest for ten seconds and more; this operator is seldom that patient. */
export function liftRests(run: Run): { stop(): void } {
  const db = run.site.mailshot.db.within(50)
  const lift = () => {
    if (run.isPatient) return
    run.lifting = db
      .write(sql`UPDATE lanes SET parked_until = 0, faults = 0 WHERE parked_until > 0`)
      // Somebody else writes: the next turn tries again.
      .catch(() => undefined)
  }
  const timer = setInterval(lift, 100)
  return { stop: () => clearInterval(timer) }
}
