import { setTimeout } from 'node:timers/promises'
import type { Message, Outcome } from '../../transport.ts'
import { customIdOf } from './body.ts'
import type { MailjetClient } from './client.ts'
import { fieldsOf, listOf, textOf } from './fields.ts'

/** How many are asked about at once. */
const atOnce = 5

/**
 * Asks Mailjet what became of messages whose answer was lost, again and again for a while, since it lists a message some time after
 * it took it. One that it does not know by then stays uncertain: that proves nothing.
 */
export async function lookUpMessages(
  client: MailjetClient,
  messages: readonly Message[],
  seconds: number,
): Promise<Outcome[]> {
  const end = Date.now() + seconds * 1000
  const found = new Map<Message, Outcome>()
  for (let pause = 1000; ; pause = Math.min(2 * pause, 8000)) {
    const open = messages.filter((message) => !found.has(message))
    for (let at = 0; at < open.length && !client.signal.aborted; at += atOnce) {
      const some = open.slice(at, at + atOnce)
      await Promise.all(some.map((message) => lookUpOne(client, message, found)))
    }
    const left = end - Date.now()
    if (found.size === messages.length || left <= 0 || client.signal.aborted) break
    // Ends early when it is cut.
    await setTimeout(Math.min(pause, left), undefined, client).catch(() => undefined)
  }
  const reason = `no answer, and Mailjet does not know the message ${seconds} seconds later`
  return messages.map((message) => found.get(message) ?? { status: 'uncertain', reason })
}

/** By a list or a rule of the account's, before any attempt. */
const blocked = 'Mailjet took the message and blocked it'

/** https://dev.mailjet.com/reference/email/messages/: the filter CustomID of GET /v3/REST/message. */
async function lookUpOne(
  client: MailjetClient,
  message: Message,
  found: Map<Message, Outcome>,
): Promise<void> {
  const CustomID = customIdOf(message)
  const answer = await client.call({
    method: 'get',
    resource: 'message',
    params: { CustomID, ShowCustomID: true },
  })
  if (!('status' in answer) || answer.status !== 200) return
  // What it shows is compared: an answer that ignores the filter is no answer.
  const row = listOf(fieldsOf(answer.body)['Data']).find(
    (one) => textOf(one['CustomID']) === CustomID,
  )
  const providerId = textOf(row?.['ID'])
  if (providerId === '') return
  const status = textOf(row?.['Status']) || 'known'
  const isBlocked = status === 'blocked'
  found.set(
    message,
    isBlocked
      ? { status: 'rejected', class: 'soft', enhanced: '5.7.1', reason: blocked }
      : { status: 'accepted', providerId, answer: `looked up: ${status}` },
  )
}
