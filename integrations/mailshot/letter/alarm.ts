import { localeOf } from '../campaign/language-tag.ts'
import { localize, type MailshotConfig } from '../config.ts'
import type { AlarmEvent } from '../letter.ts'
import { listOf } from '../list/former.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { sendIdNumbers } from '../send/id.ts'
import { findSend, type Send } from '../send/read.ts'
import { fill, type Texts, textsFor } from '../texts.ts'
import { textFor } from '../texts/fill.ts'
import { linkTo, signToken } from '../token.ts'
import type { Letter } from './compose.ts'
import type { LetterContent } from './content.ts'

/** What the operator is told about a send, or the relay: what happened, its figures, and the page and commands to act on it. */
export async function alarmContent(mailshot: Mailshot, letter: Letter): Promise<LetterContent> {
  const { config } = mailshot
  if (letter.values['event'] === 'resting') return restContent(config, letter)
  if (letter.values['event'] === 'burst') return burstContent(config, letter)
  if (letter.values['event'] === 'unsynced') return unsyncedContent(config, letter)
  const texts = textsFor(config, letter.lang)
  const send = await findSend(mailshot, { id: letter.values['send'] ?? '' })
  if (letter.values['event'] === 'guarded') return guardContent(mailshot, letter, send)
  const event = eventOf(letter.values['event'])
  if (!send) return { subject: event, paragraphs: [] }
  const values = valuesOf(mailshot, send, letter.lang)
  const { subject, paragraphs, button, commands } = texts.alarms[event]
  const wordsOf = (text: string) => fill(text, values)
  const url = stopLink(config, send.id, letter.createdAt)
  return {
    subject: wordsOf(subject),
    paragraphs: [...paragraphs, ...endOf(event, send, texts)].map(wordsOf),
    button: url === undefined ? undefined : { label: button, url },
    notes: [wordsOf(commands)],
  }
}

/** What the operator is told where the relay takes nothing for an hour or more. */
function restContent(config: MailshotConfig, { lang, values }: Letter): LetterContent {
  const { subject, paragraphs, commands } = textsFor(config, lang).resting
  const wordsOf = (text: string) => fill(text, values)
  return { subject, paragraphs: paragraphs.map(wordsOf), notes: [commands] }
}

/** What the operator is told of an automatic list that is not in line with its function. */
function unsyncedContent(config: MailshotConfig, { lang, values }: Letter): LetterContent {
  const { subject, paragraphs, commands } = textsFor(config, lang).unsynced
  const id = values['list'] ?? ''
  const { privateTitle, title = id } = listOf(config, id) ?? {}
  const said = { ...values, id, list: privateTitle ?? localize(title, lang, config.lang) }
  const wordsOf = (text: string) => fill(text, said)
  return {
    subject: wordsOf(subject),
    paragraphs: paragraphs.map(wordsOf),
    notes: [wordsOf(commands)],
  }
}

/** What the operator is told of many sign-ups at once. */
function burstContent(config: MailshotConfig, { lang, values }: Letter): LetterContent {
  const { subject, paragraphs, released, kept, commands } = textsFor(config, lang).burst
  const number = new Intl.NumberFormat(localeOf(lang))
  const said = {
    site: config.site,
    count: number.format(Number(values['count'])),
    usual: number.format(Number(values['usual'])),
    release: values['release'] === 'true' ? released : kept,
  }
  return { subject, paragraphs: paragraphs.map((text) => fill(text, said)), notes: [commands] }
}

/** What the operator is told of a send that goes wrong. */
function guardContent(mailshot: Mailshot, letter: Letter, send: Send | undefined): LetterContent {
  const texts = textsFor(mailshot.config, letter.lang).guard
  const [cause = '', domain = ''] = (letter.values['cause'] ?? '').split(':')
  const values = {
    ...(send && valuesOf(mailshot, send, letter.lang)),
    ...guardValues(letter),
    domain,
  }
  const isLate = letter.values['days'] !== undefined
  const late = isLate ? textFor(texts.late, letter.lang, Number(letter.values['days'])) : ''
  const said = fill(`${late}${causeOf(texts.causes, cause)}`, values)
  const { subject, paragraphs, button, commands } = texts[guardEvent(cause)]
  const wordsOf = (text: string) => fill(text, { ...values, cause: said })
  const url = send && stopLink(mailshot.config, send.id, letter.createdAt)
  return {
    subject: wordsOf(subject),
    paragraphs: paragraphs.map(wordsOf),
    button: url === undefined ? undefined : { label: button, url },
    notes: [wordsOf(commands)],
  }
}

/** The figures as they were when it was found. */
function guardValues({ lang, values }: Letter): Record<string, string> {
  const number = new Intl.NumberFormat(localeOf(lang))
  const percent = new Intl.NumberFormat(localeOf(lang), {
    style: 'percent',
    maximumFractionDigits: 2,
  })
  const [count, of, limit] = ['count', 'of', 'limit'].map((name) => Number(values[name] ?? 0))
  return {
    count: number.format(count ?? 0),
    of: number.format(of ?? 0),
    share: percent.format(of ? (count ?? 0) / of : 0),
    limit: percent.format((limit ?? 0) / 100),
    days: values['days'] ?? '',
  }
}

function causeOf(causes: Texts['guard']['causes'], cause: string): string {
  const found = Object.entries(causes).find(([name]) => name === cause)
  return found?.[1] ?? causes.failures
}

function guardEvent(cause: string): 'paused' | 'held' | 'warned' {
  if (cause === 'domain') return 'held'
  return cause === 'complaint-warning' ? 'warned' : 'paused'
}

const stopLinkLife = 90 * day

/** Where the operator pauses, resumes or cancels a send without a command line: for whoever has the link. */
function stopLink(config: MailshotConfig, sendId: string, since: number): string | undefined {
  const numbers = sendIdNumbers(sendId)
  if (!numbers) return undefined
  return linkTo(config, 'stop', signToken(config.secrets, 'stop', numbers, since + stopLinkLife))
}

function valuesOf(mailshot: Mailshot, send: Send, lang: string): Record<string, string> {
  const { config } = mailshot
  const { recipients } = textsFor(config, lang)
  const count = new Intl.NumberFormat(localeOf(lang))
  const time = new Intl.DateTimeFormat(localeOf(lang), {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: config.timeZone,
  })
  const titles = send.lists.map((list) => {
    const title = config.lists[list]?.title
    return title === undefined ? list : localize(title, lang, config.lang)
  })
  return {
    id: send.id,
    slug: send.slug,
    site: config.site,
    lists: new Intl.ListFormat(localeOf(lang)).format(titles),
    reason: send.reason ?? '',
    scheduled: time.format(send.scheduledAt),
    recipients: fill(textFor(recipients, lang, send.total), { count: count.format(send.total) }),
    total: count.format(send.total),
    sent: count.format(send.sent),
    failed: count.format(send.failed),
    skipped: count.format(send.skipped),
    uncertain: count.format(send.uncertain),
    cancelled: count.format(send.cancelled),
    until: send.until === null ? '' : time.format(send.until),
  }
}

/** What the end date of a send that has ended did to it. */
function endOf(
  event: AlarmEvent,
  { until, startedAt, cancelled }: Send,
  { lang, givenUp, endedUnstarted }: Texts,
): string[] {
  if (event !== 'done' || until === null) return []
  if (startedAt === null) return [endedUnstarted]
  return cancelled > 0 ? [textFor(givenUp, lang, cancelled)] : []
}

function eventOf(text: string | undefined): AlarmEvent {
  const events = ['started', 'held', 'paused', 'done'] as const
  return events.find((event) => event === text) ?? 'done'
}
