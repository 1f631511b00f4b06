import type { Dns } from '../dns.ts'
import { hasMacro, isSpf, type Mechanism, parseSpf, type SpfRecord } from './record.ts'

/** What receivers meet who follow a record, where nothing matches before its end. */
export interface Walk {
  lookups: number
  /** What was looked up for nothing. */
  voids: string[]
  /** The domains whose records count by an include or a redirect. */
  included: Set<string>
  /** Whether a part depends on the mail, so that it could not be followed. */
  hasUnseen: boolean
  usesPtr: boolean
  /** Whether anybody is allowed to send. */
  namesSomebody: boolean
  /** The record that lets everybody send. */
  openAt: string | undefined
  /** What makes receivers give up, and what to do. */
  fault: string | undefined
  /** Why DNS could not be asked. */
  failed: string | undefined
  /** What is said of all others; undefined where nothing is. */
  end: Mechanism['qualifier'] | undefined
}

/** More would make receivers give up (RFC 7208 §4.6.4). */
export const mostLookups = 10
const mostServers = 10

/** Follows what a record includes, and where it redirects to. */
export async function walkSpf(dns: Dns, domain: string, record: SpfRecord): Promise<Walk> {
  const walk: Walk = {
    lookups: 0,
    voids: [],
    included: new Set(),
    hasUnseen: false,
    usesPtr: false,
    namesSomebody: false,
    openAt: undefined,
    fault: undefined,
    failed: undefined,
    end: undefined,
  }
  walk.end = await follow(dns, walk, { record, path: [domain] })
  return walk
}

/** A record, and the domains by which it was reached, its own last. */
interface Step {
  record: SpfRecord
  path: string[]
}

/** Answers what is said of all who are not named. */
async function follow(dns: Dns, walk: Walk, { record, path }: Step): Promise<Walk['end']> {
  for (const mechanism of record.mechanisms) {
    if (isOver(walk)) return undefined
    const { name, qualifier } = mechanism
    if (name === 'all') {
      if (qualifier === '+') walk.openAt ??= path.at(-1)
      return qualifier
    }
    walk.namesSomebody ||= qualifier === '+'
    await look(dns, walk, { mechanism, path })
  }
  if (record.redirect === undefined || isOver(walk)) return undefined
  walk.lookups += 1
  const target = await recordAt(dns, walk, { to: record.redirect, path })
  return target && (await follow(dns, walk, target))
}

function isOver({ fault, failed, lookups }: Walk): boolean {
  return fault !== undefined || failed !== undefined || lookups > 2 * mostLookups
}

async function look(
  dns: Dns,
  walk: Walk,
  { mechanism, path }: { mechanism: Mechanism; path: string[] },
): Promise<void> {
  const { name, domain = path.at(-1) ?? '' } = mechanism
  if (name === 'ip4' || name === 'ip6') return
  walk.lookups += 1
  if (name === 'ptr') walk.usesPtr = true
  if (name === 'include') {
    const target = await recordAt(dns, walk, { to: domain, path })
    if (target) await follow(dns, walk, target)
  }
  if (hasMacro(domain) || (name !== 'a' && name !== 'mx')) return
  const answer = name === 'a' ? await dns.addresses(domain) : await dns.mx(domain)
  if ('failed' in answer) return
  const { length } = answer.records
  if (length === 0) walk.voids.push(`${name}:${domain}`)
  if (name === 'mx' && length > mostServers) {
    walk.fault ??= `mx:${domain} has ${length} mail servers, and receivers give up after ${mostServers}; name addresses instead`
  }
}

/** The record that an include or a redirect leads to. */
async function recordAt(
  dns: Dns,
  walk: Walk,
  { to, path }: { to: string; path: string[] },
): Promise<Step | undefined> {
  if (hasMacro(to)) {
    walk.hasUnseen = true
    return undefined
  }
  const give = (fault: string) => {
    walk.fault ??= fault
    return undefined
  }
  if (path.includes(to)) {
    return give(
      `it includes ${[...path.slice(1), to].join(', which includes ')}, in a circle; take that out`,
    )
  }
  walk.included.add(to)
  const answer = await dns.txt(to)
  if ('failed' in answer) {
    walk.failed ??= answer.failed
    return undefined
  }
  const records = answer.records.filter(isSpf)
  const [text] = records
  if (text === undefined) return give(`it includes ${to}, which has no SPF record; take that out`)
  if (records.length > 1) {
    return give(
      `it includes ${to}, which has ${records.length} SPF records, so that all fails; tell its owner, or take it out`,
    )
  }
  const record = parseSpf(text)
  if ('mistake' in record) {
    return give(
      `it includes ${to}, where ${record.mistake}, so that all fails; tell its owner, or take it out`,
    )
  }
  return { record, path: [...path, to] }
}
