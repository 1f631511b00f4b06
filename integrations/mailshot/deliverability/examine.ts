import type { MailshotConfig } from '../config.ts'
import { domainOf } from '../email-address.ts'
import type { SenderFacts } from '../transport.ts'
import { checkDkim, type DkimKey } from './dkim.ts'
import { type DmarcView, isAligned, policyFor, viewDmarc } from './dmarc.ts'
import type { Dns } from './dns.ts'
import { type Finding, unasked } from './finding.ts'
import { checkBounces, checkReplies } from './mail-servers.ts'
import { checkHost } from './reach.ts'
import { rulesFor } from './rules.ts'
import { type Sender, sendersOf } from './senders.ts'
import { checkSpf } from './spf.ts'

/** Names that nobody can register (RFC 2606, 6761): mails from there are a trial. */
const reserved = /(?:^|\.)(?:example|test|invalid|localhost|local|example\.(?:com|net|org))$/

export function isReserved(domain: string): boolean {
  return reserved.test(domain)
}

/**
 * Looks at what receivers will see of each sender's domain, by DNS alone: SPF, DKIM, DMARC, whether they fit together, where bounces go,
 * and the names of the addresses that mail leaves from; then what the large receivers ask for, and what of it is met.
 *
 * @param own this machine's public addresses
 */
export async function* examineSenders(
  config: MailshotConfig,
  { dns, own }: { dns: Dns; own: readonly string[] },
): AsyncGenerator<Finding> {
  // Mails that are only written to files, or kept: nobody checks them.
  const senders = sendersOf(config).filter(
    ({ domain, transport }) => transport.sends !== undefined && !isReserved(domain),
  )
  if (senders.length === 0) return
  const found: Finding[] = []
  for await (const finding of lookAt(config, senders, { dns, own })) {
    if (isNews(found, finding)) yield finding
    found.push(finding)
  }
  yield* rulesFor(config, found)
}

async function* lookAt(
  config: MailshotConfig,
  senders: Sender[],
  { dns, own }: { dns: Dns; own: readonly string[] },
): AsyncGenerator<Finding> {
  const bounce = domainOf(config.bounces?.address ?? config.returnPath)
  for (const sender of senders) yield* examineSender(sender, { dns, bounce })
  if (!isReserved(bounce)) yield await checkBounces(dns, bounce)
  const answered = config.replyTo
    ? [domainOf(config.replyTo.address)]
    : senders.map(({ domain }) => domain)
  const ofLists = Object.values(config.lists).flatMap(({ replyTo }) => replyTo ?? [])
  const all = [...answered, ...ofLists.map(({ address }) => domainOf(address))]
  for (const domain of new Set(all)) {
    if (!isReserved(domain)) yield await checkReplies(dns, domain)
  }
  for (const host of new Set(senders.flatMap(({ transport }) => transport.sends?.host ?? []))) {
    yield* checkHost(dns, host, own)
  }
}

/** Several senders share records. */
function isNews(found: Finding[], { check, detail }: Finding): boolean {
  return !found.some((one) => one.check === check && one.detail === detail)
}

async function* examineSender(
  { domain, transport: { name, sends } }: Sender,
  { dns, bounce }: { dns: Dns; bounce: string },
): AsyncGenerator<Finding> {
  if (!sends) return
  const spf = sends.hasOwnBounces ? undefined : await checkSpf(dns, bounce, sends.spfInclude)
  if (spf) yield spf
  else if (sends.spfInclude) yield advised(await checkSpf(dns, domain, sends.spfInclude))
  const keys = keysOf(domain, sends)
  const dkim = await bestKey(dns, keys)
  yield dkim ?? unseenKey(domain, name)
  const view = await viewDmarc(dns, domain)
  if ('failed' in view) {
    yield unasked('DMARC', `${domain}: ${view.failed}`)
    return
  }
  yield dmarcFinding(domain, view)
  const passing = [
    { by: 'DKIM', mode: 'adkim', other: keys[0]?.domain, state: dkim?.state },
    { by: 'SPF', mode: 'aspf', other: spf && bounce, state: spf?.state },
  ] as const
  yield await alignment(dns, { domain, view, passing })
}

/** The provider's own domain passes SPF; for the sender's it only asks. */
function advised(finding: Finding): Finding {
  return finding.state === 'problem' ? { ...finding, state: 'warning' } : finding
}

/** The keys that the mails of a sender may be signed with. */
function keysOf(domain: string, { dkim, selectors }: SenderFacts): DkimKey[] {
  return dkim ? [dkim] : (selectors ?? []).map((selector) => ({ domain, selector }))
}

/** Of several keys, of which a provider uses one or the other, the best. */
async function bestKey(dns: Dns, keys: DkimKey[]): Promise<Finding | undefined> {
  const found: Finding[] = []
  for (const key of keys) found.push(await checkDkim(dns, key))
  const order = ['ok', 'warning', 'unknown', 'problem']
  return found.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))[0]
}

/** Who signs for us does so by a name that we do not know. */
function unseenKey(domain: string, transport: string): Finding {
  const detail = `${domain}: ${transport} signs by a name that is not known here; mail a test to yourself and look for "dkim=pass" with d=${domain}`
  return { check: 'DKIM', state: 'unknown', detail }
}

function dmarcFinding(domain: string, view: DmarcView): Finding {
  const [state, detail] = judgeDmarc(domain, view)
  return { check: 'DMARC', state, detail }
}

function judgeDmarc(domain: string, view: DmarcView): [Finding['state'], string] {
  const { record, doubled, garbled } = view
  if (doubled !== undefined && (doubled === domain || !record)) {
    return ['problem', `_dmarc.${doubled}: several records, so that none counts; keep one`]
  }
  if (!record && garbled !== undefined) {
    return ['problem', `_dmarc.${domain}: "${garbled}" is no record; begin it with v=DMARC1;`]
  }
  if (!record) {
    const wanted = 'v=DMARC1; p=none; rua=mailto:<where reports go>'
    return ['problem', `_dmarc.${domain}: no record; publish a TXT record there: ${wanted}`]
  }
  const policy = policyFor(domain, view)
  const at = record.at === domain ? domain : `${domain}, by ${record.at}`
  if (policy === undefined) {
    return [
      'problem',
      `_dmarc.${record.at}: the record says no policy; add p=none, or a stricter one`,
    ]
  }
  if (!['none', 'quarantine', 'reject'].includes(policy.toLowerCase())) {
    return ['problem', `${at}: p=${policy} is no policy; write p=none, quarantine or reject`]
  }
  return ['ok', `${at}: p=${policy}`]
}

interface Passing {
  by: string
  mode: 'adkim' | 'aspf'
  other: string | undefined
  state: Finding['state'] | undefined
}

/** DMARC passes where one of the two passes for a domain that belongs to the sender's. */
async function alignment(
  dns: Dns,
  { domain, view, passing }: { domain: string; view: DmarcView; passing: readonly Passing[] },
): Promise<Finding> {
  const check = 'alignment'
  const aligned: Passing[] = []
  for (const one of passing) {
    const { other, mode } = one
    if (other && (await isAligned(dns, { sender: { ...view, domain }, other, mode })))
      aligned.push(one)
  }
  const good = aligned.filter(({ state }) => state === 'ok' || state === 'warning')
  if (good.length > 0) {
    const by = good.map((one) => `${one.by} (${one.other})`).join(' and ')
    return { check, state: 'ok', detail: `${domain}: ${by}` }
  }
  if (aligned.some(({ state }) => state === 'unknown') || passing[0]?.state === undefined) {
    return { check, state: 'unknown', detail: `${domain}: it depends on what could not be seen` }
  }
  const others = passing.flatMap((one) => {
    if (!one.other) return []
    return [aligned.includes(one) ? `${one.by} does not pass` : `${one.by} is for ${one.other}`]
  })
  const cure =
    aligned.length > 0
      ? 'put right what is said of it above'
      : `sign with dkim.domain ${domain}, or let bounces return to it`
  const detail = `${domain}: nothing that passes belongs to it (${others.join(', ')}), so DMARC fails; ${cure}`
  return { check, state: 'problem', detail }
}
