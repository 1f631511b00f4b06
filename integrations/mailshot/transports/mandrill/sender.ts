import { fieldsOf, type MandrillClient } from './client.ts'
import { bodyOf, domainOf } from './verify.ts'

/**
 * Registers the domain of a sender's address, and has Mandrill look at its DNS. Answers the records that are still missing.
 *
 * @see https://mailchimp.com/developer/transactional/docs/authentication-delivery/
 * @throws MailshotError when Mandrill refuses
 */
export async function registerDomain(client: MandrillClient, address: string): Promise<string[]> {
  const domain = domainOf(address)
  bodyOf(client, await client.call('senders/add-domain', { domain }))
  const found = fieldsOf(bodyOf(client, await client.call('senders/check-domain', { domain })))
  const lines = [...missingDkim(domain, found), ...missingProof(domain, found)]
  if (lines.length === 0) return []
  return [`add to the DNS of ${domain}, then run this again:`, ...lines]
}

function missingDkim(domain: string, { dkim }: Record<string, unknown>): string[] {
  if (fieldsOf(dkim)['valid'] === true) return []
  return [1, 2].map((n) => `mte${n}._domainkey.${domain}  CNAME  dkim${n}.mandrillapp.com`)
}

function missingProof(domain: string, found: Record<string, unknown>): string[] {
  const { verified_at: at, verify_txt_key: key } = found
  if (typeof at === 'string' && at !== '') return []
  if (typeof key === 'string' && key !== '') return [`${domain}  TXT  "mandrill_verify.${key}"`]
  return [`and have Mandrill verify that ${domain} is yours: Settings, Domains, Verify`]
}
