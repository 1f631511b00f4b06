import { MailshotError } from '../../error.ts'
import { fieldsOf, type MandrillAnswer, type MandrillClient } from './client.ts'

/**
 * Asks whether the key is one, and whether mails of the sender's domain would be signed: Mandrill sends no others.
 *
 * @throws MailshotError with cause and cure
 */
export async function verifyKey(client: MandrillClient, from?: string): Promise<void> {
  const pong = bodyOf(client, await client.call('users/ping2'))
  if (fieldsOf(pong)['PING'] !== 'PONG!') {
    throw new MailshotError(
      'mandrill: what answers is not Mandrill’s API; check the option endpoint',
    )
  }
  if (from === undefined) return
  const domain = domainOf(from)
  const known = bodyOf(client, await client.call('senders/domains'))
  const found = (Array.isArray(known) ? known.map(fieldsOf) : []).find(
    (one) => one['domain'] === domain,
  )
  if (found?.['valid_signing'] === true) return
  const what = found ? 'is not verified, or lacks its DKIM records' : 'is not known to the account'
  throw new MailshotError(
    `mandrill: ${domain} ${what}, so that its mails would be rejected as unsigned; mailshot sender register says what is missing`,
  )
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

/**
 * What a call that no mail depends on was answered.
 *
 * @throws MailshotError when it did not succeed
 */
export function bodyOf(client: MandrillClient, answer: MandrillAnswer): unknown {
  if ('fault' in answer) {
    throw new MailshotError(
      `mandrill: it cannot be reached (${answer.fault}); check the network and the option endpoint`,
    )
  }
  const { status, body } = answer
  const { status: said, name, message } = fieldsOf(body)
  if (status === 200 && said !== 'error') return body
  const words = [name, message].filter((one) => typeof one === 'string').join(': ')
  throw new MailshotError(
    `mandrill: ${client.clean(words) || String(status)}; ${cureOf(status, String(name))}`,
  )
}

function cureOf(status: number, name: string): string {
  if (name === 'Invalid_Key' || status === 401) return 'check the API key, and what it may do'
  if (name === 'PaymentRequired') return 'the account needs a paid plan for this'
  if (status === 429 || name === 'ServiceUnavailable') return 'try again in some minutes'
  return 'correct what it names, or try again in some minutes'
}
