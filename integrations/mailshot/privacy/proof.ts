import { createHmac, timingSafeEqual } from 'node:crypto'
import { localize } from '../config.ts'
import { type Mailshot, requireSecret } from '../mailshot.ts'
import type { ConsentRow, Subscriber } from '../subscriber/read.ts'
import { readStory, type Story } from '../subscriber/story.ts'

/**
 * What shows that a person agreed: a signed text (Markdown, with the same in JSON at its end) with every consent, its words in full, its
 * confirmation, its end, and what happened since. Times are in UTC.
 *
 * @throws MailshotError when there is no secret to sign it with
 */
export async function proofOf(mailshot: Mailshot, person: Subscriber): Promise<string> {
  requireSecret(mailshot.config)
  const story = await readStory(mailshot, person)
  const text = [
    `# What ${person.email} agreed to`,
    headOf(mailshot, person),
    ...story.consents.map((one, index) => consentPart(mailshot, one, index + 1)),
    `## Since then\n\n${linesOf(person, story).join('\n')}`,
    `## The same for programs\n\n\`\`\`json\n${jsonOf(person, story)}\n\`\`\``,
    'The last line signs all above it (HMAC-SHA-256 with the secret of the site). Whoever runs the site verifies it by\n' +
      '`mailshot subscribers proof --verify FILE`; one changed letter shows.',
  ].join('\n\n')
  return `${text}\n\n${lead}${signatureOf(mailshot.config.secrets[0] ?? '', text)}\n`
}

export type Verified = 'genuine' | 'changed' | 'no-proof'

/** Whether a text is a proof that this site has made, as it made it, with any of these secrets. */
export function verifyProof(secrets: readonly string[], given: string): Verified {
  const text = given
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n')
    .trimEnd()
  const at = text.lastIndexOf(`\n\n${lead}`)
  if (at < 0) return 'no-proof'
  const [body, signature] = [text.slice(0, at), text.slice(at + 2 + lead.length)]
  const isGenuine = secrets.some((secret) => isSame(signatureOf(secret, body), signature))
  return isGenuine ? 'genuine' : 'changed'
}

const lead = 'Signature: '

/** The purpose is part of what is signed, so that no other signature of ours passes for one. */
function signatureOf(secret: string, text: string): string {
  return createHmac('sha256', secret).update(`mailshot proof\0${text}`).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function headOf({ config, now }: Mailshot, person: Subscriber): string {
  return listOf([
    ['site', config.site],
    ['drawn up', iso(now())],
    ['person', `number ${person.id}`],
    ['name', person.name],
    ['language', person.lang],
    ['known since', iso(person.createdAt)],
  ])
}

function consentPart(mailshot: Mailshot, consent: ConsentRow, number: number): string {
  const { at, source, form, lang, ip, userAgent, confirmedAt, wording } = consent
  const facts = listOf([
    ['asked', iso(at)],
    ['by', [source, form].filter(Boolean).join(' ')],
    ['language', lang],
    ['from', [ip, userAgent].filter(Boolean).join(', ')],
    ['confirmed', confirmedAt === null ? 'not confirmed' : iso(confirmedAt)],
    [
      'confirmed from',
      [consent.confirmedIp, consent.confirmedUserAgent].filter(Boolean).join(', '),
    ],
    [isOfList(consent) ? 'ended' : 'withdrawn', endOf(consent)],
  ])
  const words =
    wording === null ? 'The words were not kept.' : `In these words:\n\n${quoted(wording)}`
  return `## ${number}. ${aboutOf(mailshot, consent)}\n\n${facts}\n\n${words}`
}

/** A list may be left by other ways than its reader's. */
function isOfList({ list }: ConsentRow): boolean {
  return list !== '' && !list.startsWith('field:')
}

/** Nothing of what was never agreed to. */
function endOf({ source, form, confirmedAt, endedAt }: ConsentRow): string | null {
  if (endedAt !== null) return iso(endedAt)
  const isAgreed = confirmedAt !== null && !(source === 're-consent' && form === 'leave')
  return isAgreed ? 'no' : null
}

function aboutOf({ config }: Mailshot, { list, source, form }: ConsentRow): string {
  if (list === '') return 'To be counted by name'
  const field = /^field:(.+)$/.exec(list)?.[1]
  if (field !== undefined) return `The box “${field}”`
  const title = config.lists[list]?.title
  const named =
    title === undefined ? list : `${localize(title, config.lang, config.lang)} (${list})`
  if (source === 're-consent') return `${named}: asked again, the answer was ${form ?? ''}`
  return `The list ${named}`
}

/** Lists as they stand, what changed, and each mail. */
function linesOf({ subscriptions }: Subscriber, { suppression, history, sends }: Story): string[] {
  const lines = [
    ...subscriptions.map(({ list, status, endedAt, endReason, activeAt }): Line => {
      const at = status === 'unsubscribed' ? endedAt : activeAt
      return [at ?? 0, `${list}: ${status}${endReason === null ? '' : ` (${endReason})`}`]
    }),
    ...history.map(({ at, actor, action, detail }): Line => {
      const more = Object.keys(detail).length === 0 ? '' : ` ${JSON.stringify(detail)}`
      return [at, `${action} by ${actor}${more}`]
    }),
    ...sends.map(({ at, campaign, status }): Line => [at ?? 0, `mail “${campaign}”: ${status}`]),
    ...(suppression
      ? [[suppression.at, `gets nothing: ${suppression.reason}`] satisfies Line]
      : []),
  ]
  if (lines.length === 0) return ['Nothing.']
  return lines
    .toSorted(([a], [b]) => a - b)
    .map(([at, text]) => `- ${at === 0 ? '' : `${iso(at)} `}${plain(text)}`)
}

type Line = [at: number, text: string]

function jsonOf(person: Subscriber, { consents, suppression, history, sends }: Story): string {
  const { id, email, name, lang, createdAt, subscriptions } = person
  const known = { id, email, name, lang, createdAt }
  const all = { person: known, consents, subscriptions, suppression, history, sends }
  return JSON.stringify(all, withTimes, 2)
}

function withTimes(key: string, value: unknown): unknown {
  const isTime = (key === 'at' || key.endsWith('At')) && typeof value === 'number'
  return isTime ? iso(value) : value
}

function listOf(facts: [name: string, value: string | null][]): string {
  return facts
    .filter(([, value]) => value)
    .map(([name, value]) => `- ${name}: ${plain(value ?? '')}`)
    .join('\n')
}

function quoted(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join('\n')
}

/** What a stranger may have written stays on its line. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
