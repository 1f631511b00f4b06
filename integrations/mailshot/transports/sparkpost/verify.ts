import { MailshotError } from '../../error.ts'
import { fieldsOf, type SparkpostAnswer, type SparkpostClient } from './client.ts'

/**
 * Asks whether the key may send, by a transmission with nothing in it, which is refused with 422, and before that for a key that
 * may not send; and whether the sender's domain is verified, where the key may ask for it.
 *
 * @throws MailshotError with cause and cure
 */
export async function verifyKey(client: SparkpostClient, from?: string): Promise<void> {
  const answer = await client.call({ method: 'post', path: 'transmissions', body: {} })
  const isKnown = 'status' in answer && (answer.status === 422 || answer.status === 400)
  if (!isKnown) throw explain(client, answer, 'Transmissions: Read/Write')
  if (from !== undefined) await verifyDomain(client, from.slice(from.lastIndexOf('@') + 1))
}

async function verifyDomain(client: SparkpostClient, domain: string): Promise<void> {
  const path = `sending-domains/${encodeURIComponent(domain.toLowerCase())}`
  const answer = await client.call({ method: 'get', path })
  if ('fault' in answer || answer.status >= 400) {
    const isMissing = 'status' in answer && answer.status === 404
    if (!isMissing) return
    throw new MailshotError(
      `sparkpost: ${domain} is no sending domain of this account; register it: mailshot sender register`,
    )
  }
  const { status } = fieldsOf(fieldsOf(answer.body)['results'])
  if (fieldsOf(status)['ownership_verified'] === true) return
  throw new MailshotError(
    `sparkpost: ${domain} is not verified as a sending domain; mailshot sender register says which DNS record is missing`,
  )
}

/** Why a call that no mail depends on did not succeed. */
export function explain(
  client: SparkpostClient,
  answer: SparkpostAnswer,
  grant: string,
): MailshotError {
  if ('fault' in answer) {
    return new MailshotError(
      `sparkpost: it cannot be reached (${answer.fault}); check the network and the option endpoint`,
    )
  }
  const words = client.clean(saidBy(answer.body)) || `${answer.status}`
  return new MailshotError(`sparkpost: ${words}; ${cureOf(answer.status, grant)}`)
}

function cureOf(status: number, grant: string): string {
  if (status === 401) {
    return 'check the API key, and region: a key of the EU is not known in the US'
  }
  if (status === 403) return `give the API key the grant “${grant}”`
  if (status === 404) return 'check the option endpoint'
  if (status === 429 || status >= 500) return 'try again in some minutes'
  return 'correct what it names'
}

function saidBy(body: unknown): string {
  const { errors } = fieldsOf(body)
  if (!Array.isArray(errors)) return ''
  return errors
    .map((one: unknown) => {
      const { message, description } = fieldsOf(one)
      return [message, description].filter((part) => typeof part === 'string').join(': ')
    })
    .join('; ')
}
