import type { EndedAction } from '../api/ended-send.ts'
import type { CompiledCampaign, MediaFile } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import type { EventQuery, ShownEvent } from '../event/list.ts'
import { openLog } from '../log.ts'
import { openMailshot } from '../mailshot.ts'
import type { PurgeCounts } from '../purge/count.ts'
import type { RecipientQuery } from '../recipient.ts'
import type { ShownRecipient } from '../recipient/json.ts'
import type { StartOptions } from '../send.ts'
import type { AudienceCount } from '../send/audience.ts'
import type { ShownSend } from '../send/json.ts'
import type { ResendChoice, ResendPlan } from '../send/resend.ts'
import type { SaidSelection } from '../send/selection.ts'
import type { Statistics } from '../send/statistics.ts'
import type { Settled, SettleRequest } from '../send/settle.ts'
import { ownLetters, readProject } from './project.ts'
import { localDesk } from './send-desk/local.ts'
import { serverDesk } from './send-desk/server.ts'
import type { Terminal } from './terminal.ts'

/** Where sends are started, looked at and steered: the database here, or a running site. */
export interface SendDesk {
  readonly config: MailshotConfig
  /** Why nothing is sent from there; a site tells it with its first answer. */
  held(): string | undefined
  now(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** How long to wait between two looks at the progress; undefined where looking costs nothing. */
  readonly lookEveryMs: number | undefined
  /** All sends, or those of one campaign, newest first, at most 100. */
  list(slug?: string): Promise<ShownSend[]>
  /** A send by its id, or the latest of a slug. @throws MailshotError when there is none */
  read(idOrSlug: string): Promise<ShownSend>
  /** @throws MailshotError when it may not start */
  start(
    compiled: CompiledCampaign,
    media: MediaFile[],
    options: Omit<StartOptions, 'actor'>,
  ): Promise<{ send: ShownSend; created: boolean }>
  /** @throws MailshotError when it has ended */
  steer(action: SteerAction, id: string): Promise<ShownSend>
  /** Cancels with a reason, which the send keeps. @throws MailshotError when it has ended */
  cancel(id: string, reason: string): Promise<ShownSend>
  /** A page of a send's recipients by ascending id, at most 1000. */
  recipients(query: RecipientQuery): Promise<ShownRecipient[]>
  /** What came of a send, by its id, or of the latest of a slug. @throws MailshotError when there is none */
  stats(idOrSlug: string): Promise<Statistics>
  /** A page of reported events by ascending id, at most 500. @throws MailshotError when there is no such send */
  events(query: EventPage): Promise<ShownEvent[]>
  /** @throws MailshotError when one who is named is no recipient, or not uncertain */
  settle(id: string, request: Omit<SettleRequest, 'actor'>): Promise<Shown<Settled>>
  /** The sends in the trash, the latest that came there first, at most 100. */
  listTrash(): Promise<ShownSend[]>
  /** Archives a send, puts it in the trash, or takes it back. @throws MailshotError when it has not ended */
  putAway(action: EndedAction, idOrSlug: string): Promise<ShownSend>
  /** Counts what a purge of sends that ended before so many months would delete; by default as many as the settings say. */
  planPurge(months: number | undefined): Promise<PurgeCounts>
  /** Deletes it; may be broken off. */
  purge(
    months: number | undefined,
    signal: AbortSignal,
  ): Promise<{ sends: number; recipients: number; events: number; people: number }>
  /** Counts whom a resend would mail. @throws MailshotError when it may not be */
  planResend(id: string, choice: ResendChoice): Promise<Shown<ResendPlan>>
  /** @throws MailshotError when it may not be */
  resend(
    id: string,
    request: { choice: ResendChoice; reason: string | undefined },
  ): Promise<Shown<ResendPlan & { resent: number }>>
  /** Counts whom a send would mail; undefined where nobody tells. @throws MailshotError when its readers cannot be selected */
  countAudience(
    campaign: { slug: string; hash: string },
    request: AudienceRequest,
  ): Promise<AudienceCount | undefined>
}

/** Whom a send would go to. */
export interface AudienceRequest extends SaidSelection {
  audience?: ShownSend['audience'] | undefined
  /** When it is to start, in ms; by default now. */
  at?: number | undefined
  onlyTo?: string | undefined
}

/** With the send as it is shown. */
export type Shown<Result extends { send: unknown }> = Omit<Result, 'send'> & { send: ShownSend }

/** Which events; a send by its id, or the latest of a slug. */
export type EventPage = Omit<EventQuery, 'sendId' | 'limit'> & { send: string | undefined }

export type SteerAction = 'pause' | 'resume' | 'cancel'

/** The option of every command that has a desk. */
export const serverOption = {
  server: {
    type: 'string',
    value: 'URL',
    about:
      'The running site to ask, https://example.org, instead of a database here. MAILSHOT_TOKEN holds its token.',
  },
} as const

/**
 * Opens the desk that the command line asks for, and closes it whatever happens.
 *
 * @param bringsLetters whether the letters that the site words itself go into the database here; a running site brings its own
 */
export async function withDesk<Result>(
  { values, terminal }: { values: DeskValues; terminal: Terminal },
  work: (desk: SendDesk) => Promise<Result>,
  { bringsLetters = false } = {},
): Promise<Result> {
  return withDeskOf(await readProject(values), { values, terminal, bringsLetters }, work)
}

/** The same, of settings that were read before. */
export async function withDeskOf<Result>(
  config: MailshotConfig,
  call: { values: DeskValues; terminal: Terminal; bringsLetters?: boolean },
  work: (desk: SendDesk) => Promise<Result>,
): Promise<Result> {
  const { values, terminal, bringsLetters = false } = call
  if (values.server !== undefined) return work(serverDesk(config, values.server, terminal))
  const letters = bringsLetters ? { letters: await ownLetters(config) } : {}
  const mailshot = await openMailshot(config, { log: openLog('warn'), ...letters })
  try {
    return await work(localDesk(mailshot))
  } finally {
    await mailshot.close()
  }
}

interface DeskValues {
  config?: string | undefined
  server?: string | undefined
}

/** Says that nothing leaves there, if so. */
export function warnIfHeld(desk: SendDesk, terminal: Terminal): void {
  const held = desk.held()
  if (held !== undefined) terminal.warn(`Nothing is being sent: ${held}`)
}
