import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Mailshot } from '../mailshot.ts'
import { type Recorded, recordSlice, type SlicePart } from './slice.ts'

/** What one caller wants recorded. */
interface Job extends SlicePart {
  mailshot: Mailshot
  /** How many of its events are stored. */
  done: number
  recorded: Recorded
  resolve(recorded: Recorded): void
  reject(error: unknown): void
}

interface Queue {
  jobs: Job[]
  /** How many events the next write takes. */
  size: number
}

/** So long one write may take; some half of it holds the event loop up, and the same process hands mails over. */
const sliceMs = 30
const [fewest, most] = [50, 500]

/** By the config, of which a process has one: all Mailshots that are open on it share a database. */
const queues = new WeakMap<Mailshot['config'], Queue>()

/**
 * Records events together with those that others ask for meanwhile, in turns and in slices of some 30 ms: a provider that posts each
 * event by itself costs no write each, and nobody waits for the 10,000 of another.
 */
export function enqueue(mailshot: Mailshot, part: SlicePart): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const recorded = { recorded: 0, repeated: 0, unmatched: 0 }
    const job = { ...part, mailshot, done: 0, recorded, resolve, reject }
    const running = queues.get(mailshot.config)
    if (running) {
      running.jobs.push(job)
      return
    }
    const queue = { jobs: [job], size: 100 }
    queues.set(mailshot.config, queue)
    void work(queue, () => queues.delete(mailshot.config))
  })
}

/** @param end called as soon as there is nothing left: what is asked for from then on begins anew */
async function work(queue: Queue, end: () => void): Promise<void> {
  while (queue.jobs.length > 0) {
    // Requests that came in together are read by then, and mails are handed over.
    await setImmediate()
    const startedAt = performance.now()
    const written = await workSlice(queue)
    const ms = performance.now() - startedAt
    const fitting = (sliceMs * written) / ms
    queue.size = Math.round(Math.min(most, Math.max(fewest, fitting, queue.size / 2)))
    // The writes of the sender stand in the same line, several one after the other: they get as much time.
    if (queue.jobs.length > 0) await setTimeout(ms)
  }
  end()
}

/** Answers how many events it wrote. */
async function workSlice(queue: Queue): Promise<number> {
  const taken = takeSlice(queue)
  try {
    const [first] = taken
    const counts = first
      ? await recordSlice(
          first.job.mailshot,
          taken.map(({ part }) => part),
        )
      : []
    for (const [place, { job, part }] of taken.entries()) {
      addCounts(job.recorded, counts[place])
      job.done += part.events.length
      if (job.done < job.events.length) queue.jobs.push(job)
      else job.resolve(job.recorded)
    }
  } catch (error) {
    for (const { job } of taken) job.reject(error)
  }
  return taken.reduce((sum, { part }) => sum + part.events.length, 0)
}

/** Takes jobs out of the queue, with as much of each as there is room for. */
function takeSlice({ jobs, size }: Queue): { job: Job; part: SlicePart }[] {
  const taken: { job: Job; part: SlicePart }[] = []
  for (let room = size; room > 0;) {
    const job = jobs.shift()
    if (!job) break
    const events = job.events.slice(job.done, job.done + room)
    const isLast = job.done + events.length === job.events.length
    taken.push({ job, part: { ...job, events, batch: isLast ? job.batch : undefined } })
    room -= Math.max(1, events.length)
  }
  return taken
}

function addCounts(recorded: Recorded, counts: Recorded | undefined): void {
  recorded.recorded += counts?.recorded ?? 0
  recorded.repeated += counts?.repeated ?? 0
  recorded.unmatched += counts?.unmatched ?? 0
}
