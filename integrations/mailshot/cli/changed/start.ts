import type { CompiledCampaign, MediaFile } from '../../compile.ts'
import { MailshotError } from '../../error.ts'
import type { ShownSend } from '../../send/json.ts'
import { formatTime } from '../format.ts'
import type { SendDesk } from '../send-desk.ts'
import { sentBefore } from './left-alone.ts'
import type { Result } from './result.ts'
import type { Situation } from './step.ts'

export interface Start {
  compiled: CompiledCampaign
  media: MediaFile[]
  commit: string
  /** A send that has not started, whose place it takes. */
  replaces: ShownSend | undefined
  /** What is to be said of that. */
  note: string | undefined
  isEarlier: Situation['isEarlier']
}

/** Starts or plans a campaign, in the place of a planned send where there is one. */
export async function startChanged(desk: SendDesk, start: Start): Promise<Result> {
  const { slug } = start.compiled
  try {
    const { send, created } = await startUnlessTakenBack(desk, start)
    if (created) return { ...outcome(desk, start, send), send }
    return { slug, action: 'existing', reason: `its send is ${send.status}`, send }
  } catch (error) {
    // Sent with other content, or as another campaign: the site knows of both.
    if (!(error instanceof MailshotError) || error.code !== 'sent-before') throw error
    return { slug, action: 'skipped', reason: sentBefore(slug) }
  }
}

/** What starting it would bring about. */
export async function foreseenStart(desk: SendDesk, start: Start): Promise<Result> {
  const { compiled, replaces } = start
  const { send, lists, segment, exclude } = compiled
  const audience = replaces?.audience
  const at = typeof send === 'object' ? send.at : undefined
  const people = await desk.countAudience(compiled, { lists, segment, exclude, audience, at })
  const createdAt = desk.now()
  const scheduledAt = at ?? createdAt
  return { ...outcome(desk, start, { createdAt, scheduledAt }), ...(people && { people }) }
}

async function startUnlessTakenBack(desk: SendDesk, start: Start) {
  const { compiled, media, commit, replaces, isEarlier } = start
  const place = (send: ShownSend) => ({ replaces: send.id, audience: send.audience })
  const options = { commit, ...(replaces && place(replaces)) }
  const found = await desk.start(compiled, media, options)
  const { send, created } = found
  // A content that came back finds the send it had before it was changed, which was cancelled for that.
  const wasTakenBack =
    !created && send.status === 'cancelled' && send.startedAt === null && isEarlier(send)
  return wasTakenBack ? desk.start(compiled, media, { commit, ...place(send) }) : found
}

function outcome(
  { config }: SendDesk,
  { compiled: { slug }, replaces, note }: Start,
  { createdAt, scheduledAt }: Pick<ShownSend, 'createdAt' | 'scheduledAt'>,
): Result {
  const isPlanned = scheduledAt > createdAt
  if (replaces?.status !== 'scheduled') return { slug, action: isPlanned ? 'scheduled' : 'started' }
  const time = (ms: number) => formatTime(ms, config.timeZone)
  const before = `send ${replaces.id}, planned for ${time(replaces.scheduledAt)}, is cancelled`
  const after = isPlanned ? `planned for ${time(scheduledAt)}` : 'it starts now'
  return {
    slug,
    action: 'replaced',
    reason: [before, after, ...(note === undefined ? [] : [note])].join('; '),
  }
}
