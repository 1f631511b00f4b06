import { fieldsOf, type SparkpostAnswer, type SparkpostClient } from './client.ts'
import { explain } from './verify.ts'

const grant = 'Sending Domains: Read/Write'

/**
 * Registers the domain of a sender's address, and has SparkPost look at its DNS. Answers the records that are still missing.
 *
 * @see https://developers.sparkpost.com/api/sending-domains/
 * @throws MailshotError when SparkPost refuses
 */
export async function registerDomain(client: SparkpostClient, address: string): Promise<string[]> {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  const path = `sending-domains/${encodeURIComponent(domain)}`
  const known = await client.call({ method: 'get', path })
  if ('status' in known && known.status === 404) {
    const body = { domain, generate_dkim: true, dkim_key_length: 2048 }
    const { dkim } = resultsOf(
      client,
      await client.call({ method: 'post', path: 'sending-domains', body }),
    )
    return recordsOf(domain, fieldsOf(dkim))
  }
  const { dkim, status } = resultsOf(client, known)
  if (fieldsOf(status)['compliance_status'] === 'blocked') {
    return [`${domain} is blocked by SparkPost: ask its support`]
  }
  if (isVerified(fieldsOf(status))) return []
  const body = { dkim_verify: true }
  const verified = await client.call({ method: 'post', path: `${path}/verify`, body })
  if (isVerified(resultsOf(client, verified))) return []
  return recordsOf(domain, fieldsOf(dkim))
}

function resultsOf(client: SparkpostClient, answer: SparkpostAnswer): Record<string, unknown> {
  if ('fault' in answer || answer.status >= 300) throw explain(client, answer, grant)
  return fieldsOf(fieldsOf(answer.body)['results'])
}

/** Of a mailbox alone it could send, but not sign. */
function isVerified(status: Record<string, unknown>): boolean {
  return status['ownership_verified'] === true && status['dkim_status'] === 'valid'
}

function recordsOf(domain: string, dkim: Record<string, unknown>): string[] {
  const { selector, public: key, signing_domain: signer } = dkim
  const host = typeof signer === 'string' && signer !== '' ? signer : domain
  return [
    `add to the DNS of ${domain}, then run this again within two weeks, or SparkPost forgets the domain:`,
    `${String(selector)}._domainkey.${host}  TXT  "v=DKIM1; k=rsa; h=sha256; p=${String(key)}"`,
  ]
}
