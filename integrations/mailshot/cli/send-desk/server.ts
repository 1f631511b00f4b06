import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { AudienceBody } from '../../api/audience.ts'
import type { ResendBody, SettleBody } from '../../api/by-hand.ts'
import type { StartRequest } from '../../api/start-request.ts'
import type { MailshotConfig } from '../../config.ts'
import { MailshotError } from '../../error.ts'
import { eventSchema } from '../../event/list.ts'
import type { RecipientQuery } from '../../recipient.ts'
import { purgeCountsSchema } from '../../purge/count.ts'
import { recipientSchema } from '../../recipient/json.ts'
import { sendSchema } from '../../send/json.ts'
import type { ResendChoice } from '../../send/resend.ts'
import { statisticsSchema } from '../../send/statistics.ts'
import type { EventPage, SendDesk } from '../send-desk.ts'
import { type Asking, connectServer } from '../server.ts'
import type { Terminal } from '../terminal.ts'

/**
 * A running site, asked over HTTP. No database is opened here.
 *
 * @throws MailshotError when the address is none a token may be sent to, or the token is missing
 */
export function serverDesk(config: MailshotConfig, address: string, terminal: Terminal): SendDesk {
  const ask = connectServer(config, address, { note: (text) => terminal.note(text) })
  let held: string | undefined
  const read = async <Answer extends Held>(schema: z.ZodType<Answer>, asking: Asking) => {
    const result = schema.safeParse(await ask(asking))
    if (!result.success) throw otherVersion(address, result.error)
    held = result.data.held
    return result.data
  }
  return {
    config,
    held: () => held,
    now: () => Date.now(),
    sleep: sleepUntilAborted,
    lookEveryMs: 2000,
    async list(slug) {
      const query = slug === undefined ? '' : `?slug=${encodeURIComponent(slug)}`
      return (await read(listAnswer, { path: 'api/sends', query })).sends
    },
    read: async (idOrSlug) => (await read(sendAnswer, { path: pathOf(idOrSlug) })).send,
    async start(compiled, media, options) {
      const files = media.map((file) => ({ ...file, bytes: base64(file.bytes) }))
      const body: StartRequest = { site: config.site, campaign: compiled, media: files, ...options }
      return read(startAnswer, { path: 'api/sends', body })
    },
    steer: async (action, id) =>
      (await read(sendAnswer, { path: `${pathOf(id)}/${action}`, body: {} })).send,
    cancel: async (id, reason) =>
      (await read(sendAnswer, { path: `${pathOf(id)}/cancel`, body: { reason } })).send,
    async recipients(query) {
      const asking = { path: `${pathOf(query.sendId)}/recipients`, query: pageOf(query) }
      return (await read(recipientsAnswer, asking)).recipients
    },
    async stats(idOrSlug) {
      return (await read(statsAnswer, { path: `${pathOf(idOrSlug)}/stats` })).stats
    },
    async events(query) {
      const asking = { path: 'api/events', query: eventsPageOf(query) }
      return (await read(eventsAnswer, asking)).events
    },
    listTrash: async () =>
      (await read(listAnswer, { path: 'api/sends', query: '?trash=true' })).sends,
    async putAway(action, idOrSlug) {
      for (;;) {
        const asking = { path: `${pathOf(idOrSlug)}/${action}`, body: {} }
        const { send, done } = await read(endedAnswer, asking)
        if (done) return send
      }
    },
    planPurge: (months) =>
      read(purgePlanAnswer, { path: 'api/purge', body: { months, dryRun: true } }),
    async purge(months, signal) {
      const all = { sends: 0, recipients: 0, events: 0, people: 0 }
      for (;;) {
        const gone = await read(purgeAnswer, { path: 'api/purge', body: { months } })
        // A later part has the same sends, but for those that are done.
        all.sends = Math.max(all.sends, gone.sends)
        all.recipients += gone.recipients
        all.events += gone.events
        all.people += gone.people
        if (gone.done || signal.aborted) return all
      }
    },
    settle(id, { as, which, reason }) {
      const whom = which === 'all' ? { all: true as const } : { addresses: [...which] }
      const body: SettleBody = { as, reason, ...whom }
      return read(settleAnswer, { path: `${pathOf(id)}/settle`, body })
    },
    planResend: (id, choice) =>
      read(planAnswer, {
        path: `${pathOf(id)}/resend`,
        body: resendBody(choice, { dryRun: true }),
      }),
    resend: (id, { choice, reason }) =>
      read(resendAnswer, { path: `${pathOf(id)}/resend`, body: resendBody(choice, { reason }) }),
    async countAudience({ slug, hash }, { onlyTo, ...request }) {
      // Whether one address is a reader is the site's to know.
      if (onlyTo !== undefined) return undefined
      const body: AudienceBody = { slug, hash, ...request }
      const { readers, paused, of } = await read(audienceAnswer, { path: 'api/audience', body })
      return { readers, paused, of }
    },
  }
}

interface Held {
  held?: string | undefined
}

const held = z.string().optional()
const sendAnswer = z.object({ held, send: sendSchema })
const listAnswer = z.object({ held, sends: z.array(sendSchema) })
const startAnswer = z.object({ held, send: sendSchema, created: z.boolean() })
const recipientsAnswer = z.object({ held, recipients: z.array(recipientSchema) })
const statsAnswer = z.object({ held, stats: statisticsSchema })
const endedAnswer = z.object({ held, send: sendSchema, done: z.boolean() })
const purgePlanAnswer = purgeCountsSchema.extend({ held })
const eventsAnswer = z.object({ held, events: z.array(eventSchema) })
const count = z.int()
const purgeAnswer = z.object({
  held,
  sends: count,
  recipients: count,
  events: count,
  people: count,
  done: z.boolean(),
})
const audienceAnswer = z.object({ held, readers: count, paused: count, of: count })
const settleAnswer = z.object({ held, send: sendSchema, settled: count, already: count })
const planAnswer = z.object({
  held,
  send: sendSchema,
  asOf: count,
  failed: count,
  uncertain: count,
  skipped: count,
  sent: count,
  waiting: count,
  elsewhere: count,
})
const resendAnswer = planAnswer.extend({ resent: count })

function pageOf({ status, email, afterId }: RecipientQuery): string {
  const params = new URLSearchParams({ after: String(afterId ?? 0) })
  if (status !== undefined) params.set('status', status)
  if (email !== undefined) params.set('email', email)
  return `?${params}`
}

function eventsPageOf({ send, email, isUnmatched, afterId }: EventPage): string {
  const params = new URLSearchParams({ after: String(afterId ?? 0) })
  if (send !== undefined) params.set('send', send)
  if (email !== undefined) params.set('recipient', email)
  if (isUnmatched) params.set('unmatched', 'true')
  return `?${params}`
}

function resendBody(choice: ResendChoice, more: Pick<ResendBody, 'dryRun' | 'reason'>): ResendBody {
  const { asOf } = choice
  if ('statuses' in choice) return { ...more, asOf, statuses: [...choice.statuses] }
  return { ...more, asOf, addresses: [...choice.emails], again: choice.again }
}

function pathOf(idOrSlug: string): string {
  return `api/sends/${encodeURIComponent(idOrSlug)}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function otherVersion(address: string, cause: Error): MailshotError {
  return new MailshotError(
    `--server ${address}: it answers otherwise than this mailshot understands; ` +
      'check the address, and let the job and the site run the same version',
    { cause },
  )
}

async function sleepUntilAborted(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal && { signal })
  } catch {
    // The only failure of a timer is its abort, which the caller's own signal already says.
  }
}
