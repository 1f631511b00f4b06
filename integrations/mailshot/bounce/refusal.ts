import { answerWords } from '../answer-words.ts'
import { hasPhrase, type Phrases, plainWords } from './phrase.ts'
import { refusedAddress, unknownDomain } from './phrases/domain.ts'
import { disabledMailbox, fullMailbox, pausedMailbox } from './phrases/mailbox.ts'
import { refusedMail } from './phrases/policy.ts'
import { refusedSender } from './phrases/sender.ts'
import { lookupTrouble, trouble } from './phrases/trouble.ts'
import { unknownUserAbroad } from './phrases/user-abroad.ts'
import { unknownUser } from './phrases/user.ts'

/** What another server said, at hand-over or in a report. */
export interface Refusal {
  /** Enhanced status code (RFC 3463): `5.1.1`. */
  status?: string | undefined
  /** SMTP reply code (RFC 5321 §4.2): 550. */
  code?: number | undefined
  /** In its own words; only the first 4000 characters are looked at. */
  text: string
}

/** What that means for the address. */
export interface Judgement {
  class: 'hard' | 'soft'
  /**
   * `address`: no such user or domain. `mailbox`: that mailbox otherwise (full, disabled, unspecified). `other`: policy,
   * authentication, content, quota, account, network: it says nothing about the address.
   */
  about: 'address' | 'mailbox' | 'other'
}

/**
 * Judges a refusal, by words first: servers give 550 and 5.1.1 for anything. Only where they say nothing known, the enhanced
 * status code decides. What a server calls temporary is soft.
 */
export function judgeRefusal(refusal: Refusal): Judgement {
  return judgeByWords(refusal) ?? judgeByStatus(refusal)
}

/** The same by words alone; `undefined` where none of them is known. */
export function judgeByWords(refusal: Refusal): Judgement | undefined {
  const words = plainWords(answerWords(joinReply(refusal.text.slice(0, longest))))
  const said = rules.find(({ phrases }) => hasPhrase(words, phrases))
  if (!said) return undefined
  return { class: isTemporary(refusal) ? 'soft' : said.class, about: said.about }
}

/** The first enhanced status code of a class that refuses (RFC 3463 §2), which is no part of an address or a version. */
export function findStatus(text: string): string | undefined {
  return /(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?!\.?\w)/.exec(text.slice(0, longest))?.[0]
}

/** The first reply code that refuses (RFC 5321 §4.2.1). */
export function findCode(text: string): number | undefined {
  const code = /(?<![\w.:[/-])[45][0-5]\d(?=[ \t\r\n:-]|$)/.exec(text.slice(0, longest))?.[0]
  return code === undefined ? undefined : Number(code)
}

const longest = 4000

/** In the order they are asked: what is said of the sender is not about the address, even if it names one. */
const rules: readonly (Judgement & { phrases: Phrases })[] = [
  { class: 'soft', about: 'other', phrases: refusedSender },
  { class: 'soft', about: 'mailbox', phrases: fullMailbox },
  { class: 'soft', about: 'mailbox', phrases: pausedMailbox },
  { class: 'hard', about: 'mailbox', phrases: disabledMailbox },
  { class: 'hard', about: 'address', phrases: [...unknownUser, ...unknownUserAbroad] },
  { class: 'soft', about: 'other', phrases: lookupTrouble },
  { class: 'hard', about: 'address', phrases: unknownDomain },
  { class: 'soft', about: 'other', phrases: refusedMail },
  { class: 'soft', about: 'other', phrases: trouble },
  { class: 'hard', about: 'mailbox', phrases: refusedAddress },
]

/** What a reply repeats at the beginning of each of its lines: `550-5.1.1 The account 550-5.1.1 that you tried`. */
function joinReply(text: string): string {
  return text.replace(/(?<=\s)[245]\d\d[- ](?:[245]\.\d{1,3}\.\d{1,3}(?=\s))?/g, ' ')
}

/** The codes inside its words win: those beside it may be of who reports it. */
function isTemporary({ status, code, text }: Refusal): boolean {
  const first = findStatus(text) ?? code ?? findCode(text) ?? status ?? ''
  return String(first).startsWith('4')
}

function judgeByStatus(refusal: Refusal): Judgement {
  const [, subject = '', detail = ''] =
    /^[245]\.(\d{1,3})\.(\d{1,3})/.exec(findStatus(refusal.text) ?? refusal.status ?? '') ?? []
  const known = statuses[`${subject}.${detail}`] ?? subjects[subject] ?? unspecified
  return isTemporary(refusal) ? { class: 'soft', about: known.about } : known
}

const unspecified: Judgement = { class: 'soft', about: 'mailbox' }
const notTheAddress: Judgement = { class: 'soft', about: 'other' }
const noSuchAddress: Judgement = { class: 'hard', about: 'address' }

/** RFC 3463 §3 and the registry of RFC 5248, by subject and detail. */
const statuses: Readonly<Record<string, Judgement>> = {
  '1.0': { class: 'hard', about: 'mailbox' },
  '1.1': noSuchAddress,
  '1.2': noSuchAddress,
  '1.3': noSuchAddress,
  '1.6': noSuchAddress,
  '1.10': noSuchAddress,
  '2.1': { class: 'hard', about: 'mailbox' },
  '2.3': notTheAddress,
  '2.4': notTheAddress,
  '4.4': noSuchAddress,
  // Microsoft: "DNS domain does not exist"
  '4.310': noSuchAddress,
}

/** The same by subject: addressing, mailbox, mail system, network, protocol, content, policy. */
const subjects: Readonly<Record<string, Judgement>> = {
  '1': notTheAddress,
  '2': unspecified,
  '3': notTheAddress,
  '4': notTheAddress,
  '5': notTheAddress,
  '6': notTheAddress,
  '7': notTheAddress,
}
