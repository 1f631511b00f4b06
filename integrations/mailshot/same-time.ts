import type { Mailshot } from './mailshot.ts'

/** Counted from when the request came: an address that is known takes less work than a new one, and must not show that. */
const answerAfterMs = 300

/** Does something for whoever asks, and answers as late as for anybody else: also where it fails. */
export async function inSameTime<Result>(
  mailshot: Mailshot,
  work: () => Promise<Result>,
): Promise<Result> {
  const answerAt = mailshot.now() + answerAfterMs
  try {
    return await work()
  } finally {
    await mailshot.sleep(Math.max(0, answerAt - mailshot.now()))
  }
}
