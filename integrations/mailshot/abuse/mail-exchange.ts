import { type Dns, openDns } from '../deliverability/dns.ts'

/**
 * Whether mail can be sent to a domain at all: it has a mail server (MX), or an address in its place (RFC 5321 §5.1), and does not say
 * that it takes none (RFC 7505). What cannot be asked, or not within a second, passes: nobody is lost to a slow name server.
 *
 * @param dns for one question; by default this machine's
 */
export async function takesMail(
  domain: string,
  dns: Dns = openDns(undefined, { timeoutMs: 1000, tries: 1 }),
): Promise<boolean> {
  const mx = await dns.mx(domain)
  if ('failed' in mx) return true
  if (mx.records.length > 0) return mx.records.some((name) => name !== '')
  const addresses = await dns.addresses(domain)
  return 'failed' in addresses || addresses.records.length > 0
}
