import { isDaemon } from './daemon.ts'
import { decodeWords } from './encoded-word.ts'
import { addressesIn, type Mail } from './mail.ts'
import { findStatus } from './refusal.ts'

/** What a report says of one recipient (RFC 3464 §2.3). */
export interface RecipientFields {
  /** Whom the mail could not reach; absent where that is no address (a file, a pipe). */
  recipient: string | undefined
  /** Whom it was sent to, where that was passed on to somebody else. */
  original: string | undefined
  action: 'failed' | 'delayed' | 'done'
  status: string | undefined
  /** What the other server said; else what the reporting one says beside its status. */
  diagnostic: string
}

/** What the report part of a mail says of each recipient; `undefined` where it has none. */
export function readDeliveryStatus(mail: Mail): RecipientFields[] | undefined {
  const parts = mail.parts.filter(({ type }) => statusTypes.has(type))
  if (parts.length === 0) return readLooseStatus(mail)
  return parts.flatMap(({ text }) => groupsOf(text).map(readGroup))
}

/** A report whose mail was torn on the way stands in its text. */
function readLooseStatus(mail: Mail): RecipientFields[] | undefined {
  if (!isDaemon(mail) || !/^Final-Recipient[ \t]{0,8}:.{0,500}@/im.test(mail.text)) return undefined
  const groups = groupsOf(mail.text).filter((group) => group.has('action') && hasRecipient(group))
  return groups.length > 0 ? groups.map(readGroup) : undefined
}

type Group = Map<string, string>

/** RFC 3464 and, for addresses beyond ASCII, RFC 6533. */
const statusTypes = new Set(['message/delivery-status', 'message/global-delivery-status'])

/** What stands once a recipient: seen again, it belongs to the next one. */
const once = new Set(['final-recipient', 'action', 'status'])
const named = ['final-recipient', 'original-recipient', 'action', 'status', 'diagnostic-code']
const mostGroups = 50

/** The groups about recipients. An empty line ends one (RFC 3464 §2.1); some programs forget it, or put one too many. */
function groupsOf(text: string): Group[] {
  const groups: Group[] = [new Map()]
  for (const { name, value, isFirst } of fieldsOf(text)) {
    const group = groups.at(-1) ?? new Map<string, string>()
    const isRepeated = once.has(name) && group.has(name)
    const isComplete = group.has('action') || !hasRecipient(group)
    if (isRepeated || (isFirst && isComplete)) groups.push(new Map([[name, value]]))
    else group.set(name, [group.get(name), value].filter(Boolean).join(' '))
    if (groups.length > mostGroups) break
  }
  return groups.filter((group) => named.some((name) => group.has(name)))
}

function hasRecipient(group: Group): boolean {
  return group.has('final-recipient') || group.has('original-recipient')
}

function fieldsOf(text: string): { name: string; value: string; isFirst: boolean }[] {
  const fields: { name: string; value: string; isFirst: boolean }[] = []
  let isFirst = false
  for (const written of text.split(/\r?\n/)) {
    const line = written.replace(/^(?:>[ \t]?){1,3}/, '')
    const last = fields.at(-1)
    const [, name, value = ''] = /^([A-Za-z][\w-]{0,60})[ \t]{0,8}:(.*)/.exec(line) ?? []
    if (line.trim() === '') isFirst = true
    else if (name !== undefined) {
      fields.push({ name: name.toLowerCase(), value: value.trim(), isFirst })
      isFirst = false
    } else if (last) last.value += ` ${line.trim()}`
  }
  return fields.map((field) => ({ ...field, value: decodeWords(field.value) }))
}

function readGroup(group: Group): RecipientFields {
  const statusField = group.get('status') ?? ''
  const status = /^[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)/.exec(statusField)?.[0]
  const code = withoutType(group.get('diagnostic-code') ?? '')
  // What stands beside the status is what RFC 3463 calls it: less than any words of the server.
  const comment = /\p{L}{3}/u.test(code) ? '' : statusField.replace(/^[\d. ]+/, '')
  const diagnostic = [code, comment].filter(Boolean).join(' ')
  const final = addressOf(group.get('final-recipient'))
  const original = addressOf(group.get('original-recipient')?.replace(xtext, decodeXtext))
  return {
    recipient: final ?? original,
    original,
    action: actionOf(group.get('action'), status),
    status: realStatus(status, diagnostic),
    diagnostic,
  }
}

/** The status inside the diagnostic is the refusing server's own, where the reporting one only says that it failed. */
function realStatus(status: string | undefined, diagnostic: string): string | undefined {
  const isVague = status === undefined || status.endsWith('.0.0')
  return isVague ? (findStatus(diagnostic) ?? status) : status
}

function actionOf(
  action: string | undefined,
  status: string | undefined,
): RecipientFields['action'] {
  const word = /[a-z]+/.exec(action?.toLowerCase() ?? '')?.[0]
  if (word === 'delayed') return 'delayed'
  if (word === 'delivered' || word === 'relayed' || word === 'expanded') return 'done'
  return word === undefined && status?.startsWith('2') ? 'done' : 'failed'
}

/** `smtp; 550 …`, `X-Postfix; …` */
function withoutType(value: string): string {
  return value.replace(/^[\w-]{1,40}[ \t]{0,8};[ \t]{0,8}/, '')
}

/** `rfc822; zoe@example.org`, also in angle brackets, quoted or with a route before it; `utf-8; …` as it stands (RFC 6533 §3). */
function addressOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const unicode = /^utf-8[ \t]{0,8};[ \t]{0,8}<?([^\s<>;@]{1,64}@[^\s<>;@]{1,255})/i.exec(
    value,
  )?.[1]
  return unicode?.replace(unicodePoint, decodePoint) ?? addressesIn(value)[0]
}

/** `\\x{…}` in an address beyond ASCII (RFC 6533 §3). */
const unicodePoint = /\\x\{([0-9a-f]{2,6})\}/gi

function decodePoint(whole: string, hex: string): string {
  const point = Number.parseInt(hex, 16)
  return point <= 0x10ffff ? String.fromCodePoint(point) : whole
}

/** A `+` or `=` that the server forgot to decode (RFC 3461 §4). */
const xtext = /\+(?:2B|3D)/g

function decodeXtext(code: string): string {
  return code === '+2B' ? '+' : '='
}
