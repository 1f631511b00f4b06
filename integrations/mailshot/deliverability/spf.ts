import type { Dns } from './dns.ts'
import { type Finding, unasked } from './finding.ts'
import { isSpf, parseSpf } from './spf/record.ts'
import { mostLookups, type Walk, walkSpf } from './spf/walk.ts'

/** More names that are looked up for nothing make receivers give up (RFC 7208 §4.6.4). */
const mostVoids = 2

/**
 * Checks the SPF record (RFC 7208) of the domain that bounces return to, and all that it includes.
 *
 * @param include what the provider that sends asks to be included
 */
export async function checkSpf(
  dns: Dns,
  domain: string,
  include: string | undefined,
): Promise<Finding> {
  const check = 'SPF'
  const finding = (state: Finding['state'], detail: string): Finding => ({
    check,
    state,
    detail: `${domain}: ${detail}`,
  })
  const answer = await dns.txt(domain)
  if ('failed' in answer) return unasked(check, `${domain}: ${answer.failed}`)
  const records = answer.records.filter(isSpf)
  const [text] = records
  if (text === undefined) {
    const wanted = include === undefined ? '<what your relay names>' : `include:${include}`
    return finding('problem', `no SPF record; publish a TXT record there: v=spf1 ${wanted} ~all`)
  }
  if (records.length > 1) {
    return finding(
      'problem',
      `${records.length} SPF records, so that none counts; join them into one`,
    )
  }
  const record = parseSpf(text)
  if ('mistake' in record) {
    return finding('problem', `${record.mistake}, so that the whole record fails; correct it`)
  }
  const walk = await walkSpf(dns, domain, record)
  if (walk.failed !== undefined) return unasked(check, `${domain}: ${walk.failed}`)
  return finding(...judge(walk, { text, domain, include }))
}

interface Checked {
  text: string
  domain: string
  include: string | undefined
}

function judge(walk: Walk, { text, domain, include }: Checked): [Finding['state'], string] {
  const problem = problemOf(walk, { text, domain })
  if (problem !== undefined) return ['problem', problem]
  if (include !== undefined && !walk.included.has(include)) {
    return walk.hasUnseen
      ? ['unknown', `"${text}" depends on the mail; see that it names ${include}`]
      : ['problem', `"${text}" does not name what sends; add include:${include} before the "all"`]
  }
  if (walk.usesPtr) {
    return ['warning', `"${text}" uses ptr, which receivers may pass over; name addresses instead`]
  }
  return ['ok', `${text} (${walk.lookups} of ${mostLookups} look-ups)`]
}

/** What keeps receivers from believing the record, or makes it worthless. */
function problemOf(
  walk: Walk,
  { text, domain }: Pick<Checked, 'text' | 'domain'>,
): string | undefined {
  const { openAt, end, fault, lookups, voids } = walk
  if (openAt !== undefined) {
    return openAt === domain
      ? `"${text}" lets everybody send as you; end it with ~all or -all`
      : `"${text}" lets everybody send as you, by ${openAt}; take that out`
  }
  if (lookups > mostLookups) {
    return `${lookups} look-ups, and receivers give up after ${mostLookups}; take out what no longer sends for you`
  }
  if (fault !== undefined) return fault
  if (voids.length > mostVoids) {
    return `${voids.join(', ')} lead nowhere, and receivers give up after ${mostVoids} of them; take them out`
  }
  if (walk.hasUnseen && end === undefined) return undefined
  if (end === undefined || end === '?') {
    return `"${text}" says nothing of those it does not name; end it with ~all or -all`
  }
  if (!walk.namesSomebody)
    return `"${text}" says that nobody sends as you; name who does before the "all"`
  return undefined
}
