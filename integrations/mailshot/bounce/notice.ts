import { addressesIn, headerOf, type Mail } from './mail.ts'
import { hasPhrase, plainWords } from './phrase.ts'
import { delays } from './phrases/notice.ts'

/** What a notice without a report says of one recipient. */
export interface NoticeSection {
  /** Absent where the notice names nobody. */
  recipient: string | undefined
  /** What stands there about this one. */
  text: string
}

/** Whether the notice says that it goes on trying. */
export function isDelay(mail: Mail, notice: string): boolean {
  return hasPhrase(plainWords(`${mail.subject} ${notice.slice(0, 8000)}`), delays)
}

/**
 * Divides a notice by whom it names; one section without a recipient where it names nobody. Addresses such as `info@` are whom to
 * ask for help, unless the mail was `sentTo` them.
 */
export function readSections(
  mail: Mail,
  notice: string,
  sentTo: readonly string[] = [],
): NoticeSection[] {
  const lines = notice.split('\n').slice(0, mostLines)
  const failed = addressesIn(headerOf(mail, 'x-failed-recipients') ?? '').slice(0, mostRecipients)
  const ours = ownAddresses(mail)
  const theirs = new Set(sentTo.map((address) => address.toLowerCase()))
  const isMeant = (address: string) =>
    !ours.has(address) && (theirs.has(address) || !isOffice(address))
  const mentions = withoutRecap(
    lines,
    lines.map((line) => mentionIn(line, isMeant)),
  )
  const best = Math.max(0, ...mentions.map((mention) => mention?.weight ?? 0))
  const named = unique(mentions.flatMap((one) => (one?.weight === best ? [one.address] : [])))
  const recipients = failed.length > 0 ? failed : best <= 1 ? named.slice(0, 1) : named
  if (recipients.length < 2) return [{ recipient: recipients[0], text: notice }]
  return recipients.slice(0, mostRecipients).map((recipient) => ({
    recipient,
    text: textAbout(recipient, lines, mentions),
  }))
}

interface Mention {
  address: string
  /** 2: the line is about that address; 1: it occurs; ½: it was passed on to another. */
  weight: number
}

/** Whether it names an address that is not ours. */
export function namesSomebody(mail: Mail, notice: string): boolean {
  return readSections(mail, notice).some(({ recipient }) => recipient !== undefined)
}

/** Exchange says first whom the mail was written to: its list perhaps, or others besides. */
function withoutRecap(
  lines: readonly string[],
  mentions: readonly (Mention | undefined)[],
): (Mention | undefined)[] {
  const others = mentions.map((mention, index) =>
    /^[\s>]*(?:to|cc):/i.test(lines[index] ?? '') ? undefined : mention,
  )
  return others.some((mention) => mention?.weight === 2) ? others : [...mentions]
}

const mostLines = 500
const mostRecipients = 30

function mentionIn(line: string, isMeant: (address: string) => boolean): Mention | undefined {
  if (!line.includes('@') || notAbout.test(line)) return undefined
  const address = addressesIn(line).find((one) => isMeant(one.toLowerCase()))
  if (address === undefined) return undefined
  const before = line.slice(0, line.indexOf(address)).trim()
  // Where nobody else is named, it stands for who is not to be.
  if (/\bgenerated from\b/i.test(before)) return { address, weight: 0.5 }
  if (quotes.test(before)) return { address, weight: 1 }
  const isAbout = /^[-<>("'[*•#\d.) ]*$/.test(before) || labels.test(before.slice(-60))
  return { address, weight: isAbout ? 2 : 1 }
}

/** From each line about it to the first about another; in a transcript, what led to the line that ends it. */
function textAbout(
  recipient: string,
  lines: readonly string[],
  mentions: readonly (Mention | undefined)[],
): string {
  const isSame = (address: string) => address.toLowerCase() === recipient.toLowerCase()
  const last = mentions.findLastIndex((mention) => mention && isSame(mention.address))
  if (verdict.test(lines[last] ?? '')) {
    const before = mentions.slice(0, last).findLastIndex((one) => one && !isSame(one.address))
    return [lines[last] ?? '', ...lines.slice(before + 1, last)].join('\n')
  }
  let isAbout = false
  const about = lines.filter((_, index) => {
    const address = mentions[index]?.address
    if (address !== undefined) isAbout = isSame(address)
    return isAbout
  })
  return about.join('\n')
}

/** Sendmail ends what it tells of each recipient so: `554 <zoe@example.org>... Host unknown`. */
const verdict = /^\s*[245]\d\d (?:[245]\.\d\.\d+ )?<?[^\s<>@]{1,64}@[^\s<>@]{1,255}?>?\.\.\. /

/** Whoever gets the notice sent the mail: that address occurs in it, and is not the one that failed. */
function ownAddresses(mail: Mail): Set<string> {
  const names = ['to', 'from', 'x-original-to', 'delivered-to', 'envelope-to', 'reply-to']
  const own = names.flatMap((name) => addressesIn(headerOf(mail, name) ?? ''))
  return new Set(
    own.flatMap((address) =>
      [address, address.replace(/\+[^@]*/, '')].map((one) => one.toLowerCase()),
    ),
  )
}

/** Who is to be asked for help. */
function isOffice(address: string): boolean {
  return /^(?:post-?master|mailer-daemon|support|help|helpdesk|abuse|admin|administrator|info|contact|noc|hostmaster|webmaster)@/i.test(
    address,
  )
}

/** Whomever the other server names: ourselves, or a mailbox behind the address. */
const quotes = /^<<<|\b(?:reason|said|replied|returned|responded)\b.{0,40}[45]\d\d[ -]/i

/** Whom it came from, and what an address was made of. */
const notAbout =
  /^\W{0,8}(?:mail from|from|sender|reply-to|return-path|received|cc|message-id|expanded|via|x-[a-z])\b/i
const labels =
  /(?:recipient|rcpt|\bto\b|address|user|account|mailbox|destinat|empf\S{0,6}nger|adresse|adres|ontvanger|mottagare|宛先|送信先|收件人|받는|получател|адрес)[^@]{0,40}$/i

function unique(addresses: readonly string[]): string[] {
  const seen = new Set<string>()
  return addresses.filter((address) => {
    const key = address.toLowerCase()
    return !seen.has(key) && seen.add(key)
  })
}
