import { answerWords } from '../answer-words.ts'
import { type Phrases, plainWords, rankPhrases } from './phrase.ts'
import {
  fullMailboxComposed,
  unknownSenderComposed,
  unknownUserComposed,
} from './phrases/composed.ts'
import { refusedAddress, surelyNoDomain, unknownDomain } from './phrases/domain.ts'
import { disabledMailbox, fullMailbox, pausedMailbox } from './phrases/mailbox.ts'
import { refusedMail } from './phrases/policy.ts'
import { plainlySender, refusedSender } from './phrases/sender.ts'
import { lookupTrouble, storingTrouble, trouble } from './phrases/trouble.ts'
import { unknownUserAbroad } from './phrases/user-abroad.ts'
import { plainlyUnknown, unavailableMailbox, unknownUser } from './phrases/user.ts'
import {
  otherThings,
  perhapsUnknown,
  vaguelyClosed,
  vaguelyFull,
  vaguelyUnknown,
} from './phrases/vague.ts'

/** What another server said, at hand-over or in a report. */
export interface Refusal {
  /** Enhanced status code (RFC 3463): `5.1.1`. */
  status?: string | undefined
  /** SMTP reply code (RFC 5321 §4.2): 550. */
  code?: number | undefined
  /** In its own words; only the first 4000 characters are looked at. */
  text: string
  /** The server that reports it has given up: a user it was told is unknown is no more temporary. */
  isFinal?: boolean
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
  const text = joinReply(refusal.text.slice(0, longest))
  const words = plainWords(answerWords(text.replace(linkToList, ' blocklist ')))
  const said = rules[findRule(words)]
  if (!said) return undefined
  const isLasting = said.isLasting ?? (refusal.isFinal === true && said.about === 'address')
  const isSoft = !isLasting && isTemporary(refusal)
  return { class: isSoft ? 'soft' : said.class, about: said.about }
}

/** The same by a status code that says what it is about; `undefined` where it leaves that open. */
export function judgeByExactStatus(refusal: Refusal): Judgement | undefined {
  const known = statuses[partsOf(refusal).join('.')]
  return known && isTemporary(refusal) ? { class: 'soft', about: known.about } : known
}

/** The first enhanced status code of a class that refuses (RFC 3463 §2), which is no part of an address or a version. */
export function findStatus(text: string): string | undefined {
  return /(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?!\.?\w)/.exec(text.slice(0, longest))?.[0]
}

/** The first reply code that refuses (RFC 5321 §4.2.1). */
export function findCode(text: string): number | undefined {
  const code = codePattern.exec(text.slice(0, longest))?.[0]
  return code === undefined ? undefined : Number(code)
}

/** A reply code that refuses, and is no part of an address or a longer number. */
export const codePattern = /(?<![\w.:[/-])[45][0-5]\d(?=[ \t\r\n:\])-]|$)/

const longest = 4000

interface Rule extends Judgement {
  phrases: Phrases
  /** `true`: whatever the codes say; `false`: not if they mean "later", not even once the mail was given up. */
  isLasting?: boolean
}

/** In the order they are asked: what is said of the sender is not about the address, even if it names one. */
const rules: readonly Rule[] = [
  { class: 'soft', about: 'other', phrases: plainlySender },
  { class: 'hard', about: 'address', phrases: surelyNoDomain, isLasting: true },
  { class: 'hard', about: 'address', phrases: plainlyUnknown },
  { class: 'soft', about: 'other', phrases: [...refusedSender, ...unknownSenderComposed] },
  { class: 'soft', about: 'mailbox', phrases: [...fullMailbox, ...fullMailboxComposed] },
  { class: 'soft', about: 'mailbox', phrases: pausedMailbox },
  { class: 'hard', about: 'mailbox', phrases: disabledMailbox },
  { class: 'soft', about: 'other', phrases: storingTrouble },
  {
    class: 'hard',
    about: 'address',
    phrases: [...unknownUser, ...unknownUserAbroad, ...unknownUserComposed],
  },
  { class: 'hard', about: 'address', phrases: unavailableMailbox, isLasting: false },
  { class: 'soft', about: 'other', phrases: lookupTrouble },
  { class: 'hard', about: 'address', phrases: unknownDomain },
  { class: 'soft', about: 'other', phrases: refusedMail },
  { class: 'soft', about: 'other', phrases: trouble },
  { class: 'soft', about: 'mailbox', phrases: vaguelyFull },
  { class: 'soft', about: 'other', phrases: otherThings },
  { class: 'hard', about: 'address', phrases: vaguelyUnknown, isLasting: false },
  // A guess ends nothing at once: it takes several sends that tell the same.
  { class: 'hard', about: 'mailbox', phrases: [...perhapsUnknown, ...vaguelyClosed] },
  { class: 'hard', about: 'mailbox', phrases: refusedAddress },
]

const findRule = rankPhrases(rules.map(({ phrases }) => phrases))

/** Links tell nothing, unless they lead to who lists senders. */
const linkToList =
  /\bhttps?:\/\/[\w.-]{0,100}(?:spamhaus|spamcop|sorbs|barracudacentral|uceprotect|abuseat|dnsbl|rbl|blacklist|blocklist)[^\s<>()"']*/gi

/**
 * Without what a reply repeats at the beginning of each of its lines (`550-5.1.1 The account 550-5.1.1 that you tried`), and
 * what Cisco's gateways put before any answer.
 */
function joinReply(text: string): string {
  return text
    .replace(/unknown address error|\(delivery attempts: \d+\)/gi, ' ')
    .replace(/(?<=\s)[245]\d\d[- ](?:[245]\.\d{1,3}\.\d{1,3}(?=\s))?/g, ' ')
}

/** The codes inside its words win: those beside it may be of who reports it. */
function isTemporary({ status, code, text }: Refusal): boolean {
  const first = findStatus(text) ?? code ?? findCode(text) ?? status ?? ''
  return String(first).startsWith('4')
}

function judgeByStatus(refusal: Refusal): Judgement {
  const [subject = ''] = partsOf(refusal)
  const code = refusal.code ?? findCode(refusal.text) ?? 0
  const known = judgeByExactStatus(refusal) ?? subjects[subject] ?? codes[code] ?? unspecified
  return isTemporary(refusal) ? { class: 'soft', about: known.about } : known
}

function partsOf({ status, text }: Refusal): string[] {
  return /^[245]\.(\d{1,3})\.(\d{1,3})/.exec(findStatus(text) ?? status ?? '')?.slice(1) ?? []
}

const unspecified: Judgement = { class: 'soft', about: 'mailbox' }
const notTheAddress: Judgement = { class: 'soft', about: 'other' }
const noSuchAddress: Judgement = { class: 'hard', about: 'address' }

/** Reply codes that say more than that it is refused (RFC 5321 §4.2.3; 511 of qmail's checkers). */
const codes: Readonly<Record<number, Judgement>> = {
  511: noSuchAddress,
  551: noSuchAddress,
}

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
