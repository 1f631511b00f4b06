import { MailshotError } from '../../error.ts'
import { describe } from './answer.ts'
import type { MailjetAnswer, MailjetCall, MailjetClient } from './client.ts'
import { type Fields, fieldsOf, listOf } from './fields.ts'

/** More rows than an account has of these. */
export const allRows = { Limit: 1000 }

/**
 * Makes a call of the REST API, `/v3/REST/…`, and answers the rows of its `Data`.
 *
 * @throws MailshotError with cause and cure, without a key
 */
export async function rowsOf(client: MailjetClient, call: MailjetCall): Promise<Fields[]> {
  const answer = await client.call(call)
  if (!('status' in answer) || answer.status >= 300) throw explain(client, call, answer)
  return listOf(fieldsOf(answer.body)['Data'])
}

/** The same, for what may not be there. */
export async function findRow(
  client: MailjetClient,
  call: MailjetCall,
): Promise<Fields | undefined> {
  const answer = await client.call(call)
  if ('status' in answer && answer.status === 404) return undefined
  if (!('status' in answer) || answer.status >= 300) throw explain(client, call, answer)
  return listOf(fieldsOf(answer.body)['Data'])[0]
}

function explain(client: MailjetClient, call: MailjetCall, answer: MailjetAnswer): MailshotError {
  if ('fault' in answer) {
    return new MailshotError(
      `Mailjet cannot be reached: ${answer.fault}; is port 443 open from here, and region the account's?`,
    )
  }
  const said = client.clean(describe(fieldsOf(answer.body)))
  if (answer.status === 401) {
    return new MailshotError(
      `Mailjet refuses the keys: ${said}; compare MAILJET_API_KEY and MAILJET_SECRET_KEY with those of the account, and ` +
        `say region: 'us' if it was moved there`,
    )
  }
  return new MailshotError(
    `Mailjet refuses ${call.method} ${call.resource} (${answer.status}): ${said}`,
  )
}
