import type { Mailshot } from '../mailshot.ts'
import { type Forgotten, forgetSlice, startOfWalk, type Walk } from './forget.ts'

interface Round {
  beganAt: number
  walk: Walk
}

const dayMs = 86_400_000
const rounds = new WeakMap<Mailshot['config'], Round>()

/** Begins a walk once a day, and does one slice of it at each call: a worker calls it twice a second. */
export async function tendPrivacy(mailshot: Mailshot): Promise<void> {
  const now = mailshot.now()
  const known = rounds.get(mailshot.config)
  if (known?.walk.isDone && now - known.beganAt < dayMs) return
  const round = known && !known.walk.isDone ? known : { beganAt: now, walk: startOfWalk }
  const { walk } = await forgetSlice(mailshot, round.walk, 'mailshot')
  rounds.set(mailshot.config, { ...round, walk })
}

/**
 * Does the whole walk at once, slice by slice, with a rest after each.
 *
 * @param by.workMs breaks off after so long, where somebody waits for an answer
 */
export async function forget(
  mailshot: Mailshot,
  { actor, signal, workMs = Infinity }: ForgetOptions,
): Promise<Forgotten & { isDone: boolean }> {
  const all = { people: 0, asks: 0, letters: 0, audit: 0 }
  const endsAt = performance.now() + workMs
  for (let walk = startOfWalk; !walk.isDone;) {
    if (signal?.aborted || performance.now() >= endsAt) return { ...all, isDone: false }
    const startedAt = performance.now()
    const slice = await forgetSlice(mailshot, walk, actor)
    walk = slice.walk
    all.people += slice.gone.people
    all.asks += slice.gone.asks
    all.letters += slice.gone.letters
    all.audit += slice.gone.audit
    await mailshot.sleep(performance.now() - startedAt, signal)
  }
  return { ...all, isDone: true }
}

interface ForgetOptions {
  actor: string
  signal?: AbortSignal | undefined
  workMs?: number | undefined
}
