import type { Dns } from './dns.ts'
import { type Finding, unasked } from './finding.ts'

/** More would make receivers give up (RFC 7208 §4.6.4). */
const mostLookups = 10

/**
 * Checks the SPF record (RFC 7208) of the domain that bounces return to.
 *
 * @param include what the provider that sends asks to be included
 */
export async function checkSpf(
  dns: Dns,
  domain: string,
  include: string | undefined,
): Promise<Finding> {
  const check = 'SPF'
  const answer = await dns.txt(domain)
  if ('failed' in answer) return unasked(check, `${domain}: ${answer.failed}`)
  const records = answer.records.filter((text) => /^v=spf1(?: |$)/i.test(text))
  const [record] = records
  const wanted = `v=spf1 ${include === undefined ? '<what your relay names>' : `include:${include}`} ~all`
  const problem = (detail: string): Finding => ({
    check,
    state: 'problem',
    detail: `${domain}: ${detail}`,
  })
  if (record === undefined) return problem(`no SPF record; publish a TXT record there: ${wanted}`)
  if (records.length > 1)
    return problem(`${records.length} SPF records, so that none counts; join them into one`)
  if (/\s\+?all(?:\s|$)/i.test(record))
    return problem(`"${record}" lets everybody send as you; end it with ~all or -all`)
  if (/\s\?all(?:\s|$)/i.test(record) || !/\s[~-]all(?:\s|$)|\sredirect=/i.test(record)) {
    return problem(`"${record}" says nothing of those it does not name; end it with ~all or -all`)
  }
  const walk = await countLookups(dns, record)
  if ('failed' in walk) return unasked(check, `${domain}: ${walk.failed}`)
  if (walk.lookups > mostLookups) {
    return problem(
      `${walk.lookups} look-ups, and receivers give up after ${mostLookups}; take out what no longer sends for you`,
    )
  }
  if (walk.missing !== undefined)
    return problem(`it includes ${walk.missing}, which has no SPF record; take that out`)
  if (include !== undefined && !walk.included.has(include)) {
    return problem(`"${record}" does not name what sends; add include:${include} before the "all"`)
  }
  return {
    check,
    state: 'ok',
    detail: `${domain}: ${record} (${walk.lookups} of ${mostLookups} look-ups)`,
  }
}

interface Walk {
  lookups: number
  included: Set<string>
  /** An include that has no record: the whole fails by it. */
  missing: string | undefined
}

/** Follows includes and redirects, as a receiver does that no mechanism matches before. */
async function countLookups(dns: Dns, record: string): Promise<Walk | { failed: string }> {
  const walk: Walk = { lookups: 0, included: new Set(), missing: undefined }
  const waiting = [record]
  for (
    let text = waiting.pop();
    text !== undefined && walk.lookups <= 2 * mostLookups;
    text = waiting.pop()
  ) {
    walk.lookups += text.match(/\s[?~+-]?(?:a|mx|ptr|exists)(?=[\s:/]|$)/gi)?.length ?? 0
    for (const [, name = ''] of text.matchAll(/\s[?~+-]?(?:include:|redirect=)(\S+)/gi)) {
      walk.lookups += 1
      const target = name.toLowerCase()
      // A macro depends on the mail.
      if (target.includes('%') || walk.included.has(target)) continue
      walk.included.add(target)
      const answer = await dns.txt(target)
      if ('failed' in answer) return answer
      const found = answer.records.find((one) => /^v=spf1(?: |$)/i.test(one))
      if (found === undefined) walk.missing ??= target
      else waiting.push(found)
    }
  }
  return walk
}
