import fr from '../../integrations/mailshot/texts/fr.json' with { type: 'json' }
import { ask, press } from '../http-client.ts'
import type { ReadMail, ReceivedMail } from '../smtp-server.ts'
import type { Person } from './invented-people.ts'

/** The first of the people reads French. */
const texts = fr.pages.unsubscribe
const { button } = texts

/** One thing that was tried, and whether it went as it has to. */
export interface Attempt {
  what: string
  isRight: boolean
}

/** People who leave, and how each of them did. */
export interface Leaving {
  /** Their addresses. */
  left: string[]
  attempts: Attempt[]
}

/**
 * Leaves by the links of real mails, as readers and their mail services do: one person looks at the page and presses its
 * button, two leave by one click of their mail client (RFC 8058), one in each of the two body types.
 */
export async function leave(
  received: readonly ReceivedMail[],
  people: readonly Person[],
): Promise<Leaving> {
  const [reader, clicker, other] = people
  if (!reader || !clicker || !other) throw new Error('three people are needed')
  const links = await Promise.all(
    [reader, clicker, other].map(async ({ email }) => linkOf(await mailTo(received, email))),
  )
  const [page = '', form = '', multipart = ''] = links
  return {
    left: [reader, clicker, other].map(({ email }) => email),
    attempts: [
      {
        what: 'the unsubscribe link opens a page with a button',
        isRight: await opensPage(page),
      },
      { what: 'the button of that page unsubscribes', isRight: await pressesButton(page) },
      {
        what: 'one click of a mail client unsubscribes (application/x-www-form-urlencoded)',
        isRight: await clicks(form, new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })),
      },
      {
        what: 'one click of a mail client unsubscribes (multipart/form-data)',
        isRight: await clicks(multipart, asMultipart()),
      },
    ],
  }
}

async function mailTo(received: readonly ReceivedMail[], address: string): Promise<ReadMail> {
  const mail = received.find(
    (one) => one.envelope.to.includes(address) && one.header('List-Unsubscribe') !== undefined,
  )
  if (!mail) throw new Error(`${address} has got no mail`)
  return mail.read()
}

function linkOf({ headers }: ReadMail): string {
  const link = /<(https?:[^>]+)>/.exec(headers['list-unsubscribe'] ?? '')?.[1]
  if (link === undefined) throw new Error('the mail has no unsubscribe link')
  return link
}

async function opensPage(link: string): Promise<boolean> {
  const page = await ask(link)
  return page.status === 200 && page.text.includes(button)
}

async function pressesButton(link: string): Promise<boolean> {
  const answer = await press(await ask(link), button)
  return answer.status === 200 && answer.text.includes(texts.left.heading)
}

/** As a mail service does: from its own servers, without Origin, and content with 200 alone (RFC 8058 §3.1). */
async function clicks(link: string, body: URLSearchParams | FormData): Promise<boolean> {
  const answer = await fetch(link, { method: 'POST', body, redirect: 'manual' })
  return answer.status === 200
}

function asMultipart(): FormData {
  const form = new FormData()
  form.set('List-Unsubscribe', 'One-Click')
  return form
}
