import type { Mailshot } from './mailshot.ts'

/** An address that is known takes less work than a new one, and must not show that. */
const answerAfterMs = 300

/**
 * Does something for whoever asks, and answers as late as for anybody else: also where it fails. What takes longer, since a disk or a
 * lock is slow, answers at the next multiple. Nothing that whoever asks can draw out, such as a body that arrives byte by byte, may be
 * part of the work, or it would use up that time.
 */
export async function inSameTime<Result>(
  mailshot: Mailshot,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAt = mailshot.now()
  try {
    return await work()
  } finally {
    const took = mailshot.now() - startedAt
    const waits = Math.max(1, Math.ceil(took / answerAfterMs))
    await mailshot.sleep(waits * answerAfterMs - took)
  }
}
