import { readFileSync } from 'node:fs'
import { convert } from 'html-to-text'
import type { ReadMail, ReceivedMail } from '../smtp-server.ts'
import type { Person } from './invented-people.ts'

interface Arrival {
  person: Person
  mails: ReadMail[]
}

export interface Finding {
  /** What holds for `found` of the people. */
  what: string
  found: number
}

/** Decodes what the server got, and compares it with what each person should have got. */
export async function verify(
  received: readonly ReceivedMail[],
  people: readonly Person[],
  campaign: string,
): Promise<Finding[]> {
  const arrivals = await sortMails(received, people)
  const mails = arrivals.flatMap((arrival) => arrival.mails)
  const subjects = { fr: subjectOf(`${campaign}/fr.md`), en: subjectOf(`${campaign}/en.md`) }
  const those = (holds: (mail: ReadMail, person: Person) => boolean) =>
    arrivals.filter(({ mails: [mail], person }) => mail && holds(mail, person)).length
  return [
    {
      what: 'mails arrived, one for each person',
      found: arrivals.filter((one) => one.mails.length === 1).length,
    },
    {
      what: "are in their reader's language",
      found: those((mail, { lang }) => mail.subject.endsWith(subjects[lang].end)),
    },
    {
      what: "carry their reader's name (subject, HTML, text)",
      found: those((mail, person) => isNamed(mail, person, subjects)),
    },
    {
      what: 'show no placeholder',
      found: those(({ subject, html, text }) => !/\{\{|\}\}/.test(subject + html + text)),
    },
    {
      what: 'have a Message-ID of their own',
      found: new Set(mails.map((mail) => mail.messageId).filter(Boolean)).size,
    },
    {
      what: 'have a one-click unsubscribe link of their own',
      found: unsubscribeLinks(mails).size,
    },
  ]
}

/** The mails of each person; the operator's own (a send has started, has ended) are left out. */
async function sortMails(
  received: readonly ReceivedMail[],
  people: readonly Person[],
): Promise<Arrival[]> {
  const arrivals = new Map<string, Arrival>()
  for (const person of people) arrivals.set(person.email, { person, mails: [] })
  for (const mail of received) {
    for (const address of mail.envelope.to) arrivals.get(address)?.mails.push(await mail.read())
  }
  return [...arrivals.values()]
}

/** The subject as the author wrote it: `{{ nom | default: "Bonjour" }}, la forêt …`. */
function subjectOf(file: string): { fallback: string; end: string } {
  const line = /^subject:(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  const [, fallback, end] = /\{\{\s*nom\s*\|\s*default:\s*"([^"]*)"\s*\}\}(.*)$/.exec(line) ?? []
  if (fallback === undefined || end === undefined) {
    throw new Error(`${file}: the demo expects a subject that begins with the name`)
  }
  return { fallback, end: end.trimEnd() }
}

function isNamed(
  mail: ReadMail,
  { name, lang }: Person,
  subjects: Record<Person['lang'], { fallback: string; end: string }>,
): boolean {
  const { fallback, end } = subjects[lang]
  if (mail.subject !== `${name || fallback}${end}`) return false
  return [mail.text, convert(mail.html, { wordwrap: false })].every((body) =>
    body.replace(/\s+/g, ' ').includes(name),
  )
}

function unsubscribeLinks(mails: readonly ReadMail[]): Set<string> {
  const links = mails
    .filter((mail) => mail.headers['list-unsubscribe-post'] === 'List-Unsubscribe=One-Click')
    .map((mail) => /<(https?:[^>]+)>/.exec(mail.headers['list-unsubscribe'] ?? '')?.[1])
  return new Set(links.filter((link) => link !== undefined))
}
