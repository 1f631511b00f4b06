import type { Dns } from './dns.ts'
import { type Finding, unasked } from './finding.ts'

/** Bounces need somewhere to go (RFC 5321 §5.1). */
export async function checkBounces(dns: Dns, domain: string): Promise<Finding> {
  return await checkServers(dns, domain, {
    check: 'bounces to',
    lost: 'so bounces are lost; publish one, or set returnPath',
    refused: 'set returnPath or bounces.address to one that does',
  })
}

/** Whoever cannot be answered is no sender: many receivers refuse such mails. */
export async function checkReplies(dns: Dns, domain: string): Promise<Finding> {
  return await checkServers(dns, domain, {
    check: 'replies to',
    lost: 'so nobody can reply; publish one, or set from to an address that takes mail',
    refused: 'set from and replyTo to addresses that do',
  })
}

async function checkServers(
  dns: Dns,
  domain: string,
  { check, lost, refused }: { check: string; lost: string; refused: string },
): Promise<Finding> {
  const mx = await dns.mx(domain)
  if ('failed' in mx) return unasked(check, `${domain}: ${mx.failed}`)
  const [first] = mx.records
  const problem = (words: string): Finding => ({
    check,
    state: 'problem',
    detail: `${domain} ${words}`,
  })
  // RFC 7505.
  if (first === '') return problem(`says that it takes no mail (null MX); ${refused}`)
  const hosts = first === undefined ? [domain] : mx.records
  const found = await Promise.all(hosts.map((host) => dns.addresses(host)))
  if (found.some((one) => 'records' in one && one.records.length > 0)) {
    return { check, state: 'ok', detail: `${domain}: ${hosts[0]}` }
  }
  const failed = found.find((one) => 'failed' in one)
  if (failed && 'failed' in failed) return unasked(check, `${hosts.join(', ')}: ${failed.failed}`)
  return problem(`has no mail server (MX), ${lost}`)
}
