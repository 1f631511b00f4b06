import { join } from 'node:path'
import { vi } from 'vitest'
import { sendChanged } from '../../integrations/mailshot/cli/changed.ts'
import { localDesk } from '../../integrations/mailshot/cli/send-desk/local.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listSends } from '../../integrations/mailshot/send.ts'
import { markdown } from '../campaign-folder.ts'
import { recordingTerminal } from '../cli/recording-terminal.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { gitEnv, openTestRepository } from '../repository.ts'

/** A site whose campaigns are in a Git repository, with three readers; the tests' noon is 22 November 2026, UTC. */
export async function openChangedSite(below = 'campaigns') {
  for (const [name, value] of Object.entries({ ...gitEnv, ...noBranch })) vi.stubEnv(name, value)
  const repository = openTestRepository()
  const mailshot = await openTestMailshot({ campaigns: join(repository.folder, below) })
  await addReaders(mailshot, 3)
  const first = repository.git('rev-parse', 'HEAD')
  const run = async (range: string, dryRun = false) => {
    // Jobs come one after the other.
    mailshot.clock.advance(1000)
    const terminal = recordingTerminal({ json: true })
    const code = await sendChanged(localDesk(mailshot), terminal, { range, dryRun })
    const lines = terminal.out.map((line): Line => JSON.parse(line))
    return {
      code,
      lines,
      actions: lines.map(({ slug, action }) => [slug, action]),
      err: terminal.err,
    }
  }
  return {
    ...repository,
    mailshot,
    /** The first, empty commit. */
    first,
    /** Commits files below the folder of campaigns. */
    commit: (files: Record<string, string | Uint8Array | null>) =>
      repository.commit(
        Object.fromEntries(Object.entries(files).map(([name, one]) => [`${below}/${name}`, one])),
      ),
    /** Runs `send --changed`, as a job does after the push of these commits. */
    run,
    /** Mails all that is due. */
    deliver: () => deliver(mailshot, { untilDone: true }),
    /** `december scheduled 2026-12-01T08:00`, in the order of the alphabet. */
    sends: async () =>
      (await listSends(mailshot))
        .map(
          ({ slug, status, scheduledAt }) =>
            `${slug} ${status} ${new Date(scheduledAt).toISOString().slice(0, 16)}`,
        )
        .toSorted(),
  }
}

/** What CI says of the branch of the tests themselves. */
const noBranch = { GITHUB_REF_NAME: '', CI_COMMIT_BRANCH: '', CI_DEFAULT_BRANCH: '' }

export interface Line {
  slug: string
  action: string
  reason?: string
  send?: { id: string; status: string; commit: string; reason: string | null }
  dryRun?: boolean
  held?: string
}

/** A campaign that starts when it is merged. */
export function onMerge(body: string): string {
  return markdown(body, 'send: on-merge')
}

/** A campaign for a date, in the zone of the site, an hour before UTC. */
export function dated(body: string, at: string): string {
  return markdown(body, `send: ${at}`)
}
