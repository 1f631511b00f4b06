import { MailshotError } from '../error.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { composeSample } from '../message.ts'
import { languageOfTexts } from '../reader-language.ts'
import { cancelSend, findSend, pauseSend, resumeSend, type Send } from '../send.ts'
import { sendIdOf } from '../send/id.ts'
import { readSnapshot } from '../send/media.ts'
import { fill, type StopTexts, type Texts, textsFor } from '../texts.ts'
import { verifyToken } from '../token.ts'
import { fieldOf } from './form.ts'
import { pagePath } from './link.ts'
import { lostPage, type Notice, noticeOf } from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { quotedTitles, titleOf } from './title.ts'

export type StopView = Notice | SendView

/** A send as its operator sees it, with what can be done about it now. */
export interface SendView {
  kind: 'send'
  heading: string
  status: string
  /** Why nothing leaves at all, if so. */
  held: string | undefined
  facts: { label: string; value: string }[]
  /** Of all recipients, how many are settled. */
  progress: { settled: number; total: number }
  counts: { label: string; value: string }[]
  /** What a button posts. */
  buttons: { action: 'pause' | 'resume'; label: string }[]
  /** To the page that asks once more; undefined when there is nothing to cancel. */
  cancel: string | undefined
  /** To this page again, with new figures. */
  refresh: string
}

/**
 * The page behind the link in a mail to the operator: shows a send, and pauses, resumes or cancels it by POST. GET changes
 * nothing; cancelling asks once more.
 */
export async function stopPage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<StopView> | Response> {
  const { config } = mailshot
  const verified = verifyToken(config.secrets, 'stop', token, mailshot.now())
  const send = 'ids' in verified && (await findSend(mailshot, { id: sendIdOf(verified.ids) }))
  if (!send) return lostPage(config, request)
  const texts = textsFor(config, languageOfTexts(config, config.lang))
  const own = pagePath(config, `stop/${token}`)
  if (request.method === 'POST') return post(mailshot, request, { send, texts, own })
  const isAsking = new URL(request.url).searchParams.has('cancel') && isOpen(send)
  const view = isAsking
    ? sureNotice(texts, send, own)
    : await sendView(mailshot, send, { texts, own })
  return { status: 200, texts, view }
}

const actor = 'operator:link'

async function post(
  mailshot: Mailshot,
  request: Request,
  { send, texts, own }: { send: Send; texts: Texts; own: string },
): Promise<Response> {
  const form = await readForm(request)
  if ('refused' in form) {
    return refusalPage(mailshot.config, request, { status: form.refused, lang: texts.lang })
  }
  try {
    await act(mailshot, send.id, fieldOf(form, 'do'))
  } catch (error) {
    // It has ended while the page was looked at; the page will say so.
    if (!(error instanceof MailshotError)) throw error
  }
  return redirectTo(own)
}

async function act(mailshot: Mailshot, id: string, action: string): Promise<void> {
  if (action === 'pause') await pauseSend(mailshot, id, { reason: 'operator', actor })
  else if (action === 'resume') await resumeSend(mailshot, id, { actor })
  else if (action === 'cancel') await cancelSend(mailshot, id, { actor })
}

function isOpen({ status }: Send): boolean {
  return status !== 'done' && status !== 'cancelled'
}

function sureNotice(texts: Texts, send: Send, own: string): Notice {
  const words = texts.pages.stop
  const number = new Intl.NumberFormat(texts.lang)
  const values = {
    slug: send.slug,
    remaining: number.format(send.remaining),
    total: number.format(send.total),
  }
  const form = { fields: { do: 'cancel' }, button: words.sureButton, isFinal: true }
  return noticeOf(words.sure, values, { form, links: [{ label: words.back, href: own }] })
}

async function sendView(
  mailshot: Mailshot,
  send: Send,
  { texts, own }: { texts: Texts; own: string },
): Promise<SendView> {
  const words = texts.pages.stop
  const number = new Intl.NumberFormat(texts.lang)
  const isPaused = send.status === 'paused'
  return {
    kind: 'send',
    heading: fill(words.heading, { slug: send.slug }),
    status: words.status[send.status],
    held: mailshot.held === undefined ? undefined : fill(words.held, { reason: mailshot.held }),
    facts: await factsOf(mailshot, texts, send),
    progress: { settled: send.total - send.remaining, total: send.total },
    counts: countNames
      .filter((name) => send[name] > 0 || alwaysCounted.includes(name))
      .map((name) => ({ label: words.counts[name], value: number.format(send[name]) })),
    buttons: isOpen(send)
      ? [
          isPaused
            ? { action: 'resume', label: words.resume }
            : { action: 'pause', label: words.pause },
        ]
      : [],
    cancel: isOpen(send) ? `${own}?cancel=1` : undefined,
    refresh: own,
  }
}

const countNames = [
  'total',
  'sent',
  'remaining',
  'failed',
  'skipped',
  'uncertain',
  'cancelled',
] as const satisfies (keyof StopTexts['counts'])[]

/** Of the others, a nought says nothing. */
const alwaysCounted: string[] = ['total', 'sent', 'remaining']

async function factsOf(mailshot: Mailshot, texts: Texts, send: Send): Promise<SendView['facts']> {
  const { config } = mailshot
  const { facts } = texts.pages.stop
  const campaign = await readSnapshot(mailshot, send.snapshot)
  const time = new Intl.DateTimeFormat(texts.lang, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: config.timeZone,
  })
  const titles = send.lists.map((id) =>
    titleOf(config, texts, { title: config.lists[id]?.title ?? id }),
  )
  const reason = reasonOf(texts.pages.stop, send)
  return [
    { label: facts.subject, value: composeSample(config, campaign).subject },
    { label: facts.lists, value: quotedTitles(texts, titles) },
    { label: facts.scheduled, value: time.format(send.scheduledAt) },
    ...(reason === undefined ? [] : [{ label: facts.reason, value: reason }]),
  ]
}

function reasonOf({ reasons }: StopTexts, { reason }: Send): string | undefined {
  if (reason === 'operator' || reason === 'late') return reasons[reason]
  return reason ?? undefined
}
