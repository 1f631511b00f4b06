import { parseArgs } from 'node:util'

/** How much a bench does, by `--mails` and `--rounds`, for a quick look or a long one. */
export function benchSize(usual: { mails: number; rounds: number }): {
  mails: number
  rounds: number
} {
  const { values } = parseArgs({
    options: { mails: { type: 'string' }, rounds: { type: 'string' } },
  })
  return {
    mails: Number(values.mails ?? usual.mails),
    rounds: Number(values.rounds ?? usual.rounds),
  }
}
