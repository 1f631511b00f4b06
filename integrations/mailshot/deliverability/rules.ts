import type { MailshotConfig } from '../config.ts'
import type { Finding } from './finding.ts'
import { sendersOf } from './senders.ts'

const gmail = 'Gmail'
const yahoo = 'Yahoo'
const microsoft = 'Microsoft'
const apple = 'Apple'
const all = [gmail, yahoo, microsoft, apple]

interface Rule {
  asks: string[]
  rule: string
  /** The checks that decide about it. */
  by?: string[]
  /** How mailshot sees to it, where no check is needed. */
  met?: (config: MailshotConfig) => { state: Finding['state']; why: string }
}

/**
 * What the large receivers ask of bulk mail: some 5000 mails a day to their readers, for Gmail counted for the whole organisation; Apple
 * names no number.
 *
 * @see https://support.google.com/a/answer/81126 and https://support.google.com/a/answer/14229414 (March 2026)
 * @see https://senders.yahooinc.com/best-practices/ and https://senders.yahooinc.com/faqs/ (2025)
 * @see https://techcommunity.microsoft.com/blog/microsoftdefenderforoffice365blog/4399730, which recommends what is beside SPF, DKIM
 *   and DMARC (April 2025)
 * @see https://support.apple.com/en-us/102322 (February 2025)
 */
const rules: Rule[] = [
  { rule: 'SPF passes', asks: all, by: ['SPF'] },
  { rule: 'DKIM passes, with a key of 1024 bits or more', asks: all, by: ['DKIM'] },
  { rule: 'DMARC is published, p=none at least', asks: all, by: ['DMARC'] },
  {
    rule: 'the sender’s domain is that of SPF or DKIM',
    asks: [gmail, yahoo, microsoft],
    by: ['alignment'],
  },
  {
    rule: 'the sending address has a name that leads back to it',
    asks: [gmail, yahoo, apple],
    by: ['reverse DNS'],
  },
  { rule: 'mails come by TLS', asks: [gmail], by: ['TLS'] },
  { rule: 'one click unsubscribes (RFC 8058), by https', asks: [gmail, yahoo], met: oneClick },
  {
    rule: 'a link to unsubscribe is seen in each mail',
    asks: all,
    met: () => ({ state: 'ok', why: 'mailshot check refuses a campaign without' }),
  },
  {
    rule: 'who unsubscribes gets nothing after two days',
    asks: [gmail, yahoo, apple],
    met: () => ({ state: 'ok', why: 'nothing from that moment on' }),
  },
  { rule: 'complaints below 0.3 %, better 0.1 %', asks: [gmail, yahoo], met: complaints },
  {
    rule: 'addresses that bounce are mailed no more',
    asks: [yahoo, microsoft, apple],
    met: bounces,
  },
  { rule: 'From or Reply-To can be answered', asks: [microsoft], by: ['replies to'] },
  {
    rule: 'RFC 5322: one From, one Message-ID, no header twice',
    asks: [gmail, yahoo, apple],
    met: () => ({ state: 'ok', why: 'so are all mails made' }),
  },
  { rule: 'only to people who asked for it', asks: all, met: optIn },
]

/** Each rule with whether it is met, by what the checks have found. */
export function rulesFor(config: MailshotConfig, found: readonly Finding[]): Finding[] {
  return rules.map(({ rule, asks, by, met }) => {
    const { state, why } = met?.(config) ?? judge(found.filter(({ check }) => by?.includes(check)))
    return { check: 'rule', state, detail: `${rule}: ${why}`, asks }
  })
}

const words = { ok: 'met', warning: 'met', problem: 'not met, see above', unknown: 'not known' }

/** A rule is met where it is for every sender. */
function judge(found: Finding[]): { state: Finding['state']; why: string } {
  const states = new Set(found.map(({ state }) => state))
  if (states.has('problem')) return { state: 'problem', why: words.problem }
  if (states.has('unknown')) return { state: 'unknown', why: words.unknown }
  return states.size > 0
    ? { state: 'ok', why: words.ok }
    : { state: 'ok', why: 'the provider sees to it' }
}

/** DKIM has to cover both headers (RFC 8058 §4), which is seen only where we sign. */
function oneClick(config: MailshotConfig): { state: Finding['state']; why: string } {
  const { site } = config
  if (!site.startsWith('https:')) {
    return { state: 'problem', why: `${site} is not https; set the public https address as site` }
  }
  const others = sendersOf(config).filter(({ transport: { sends } }) => sends?.host && !sends.dkim)
  if (others.length === 0) return { state: 'ok', why: 'in each mail, and signed' }
  return {
    state: 'unknown',
    why: 'in each mail; see that h= of the relay’s signature names list-unsubscribe and list-unsubscribe-post',
  }
}

function complaints({ guard }: MailshotConfig): { state: Finding['state']; why: string } {
  if (guard === false) return { state: 'warning', why: 'nobody watches it (guard: false)' }
  return { state: 'ok', why: 'the guard warns, and stops a send above its limit' }
}

/** What comes back has to come to us: from a provider by webhook, from a mail server into a mailbox. */
function bounces(config: MailshotConfig): { state: Finding['state']; why: string } {
  const isByMail = sendersOf(config).some(
    ({ transport: { sends } }) => sends && !sends.hasOwnBounces,
  )
  if (!isByMail || config.bounces) return { state: 'ok', why: 'the first hard bounce is the last' }
  return {
    state: 'warning',
    why: `what comes back to ${config.returnPath} is not read (docs/bounces.md)`,
  }
}

function optIn({ lists }: MailshotConfig): { state: Finding['state']; why: string } {
  const open = Object.keys(lists).filter((id) => lists[id]?.doubleOptIn === false)
  if (open.length === 0) return { state: 'ok', why: 'every sign-up is confirmed' }
  return {
    state: 'warning',
    why: `sign-ups to ${open.join(', ')} are not confirmed (doubleOptIn: false)`,
  }
}
