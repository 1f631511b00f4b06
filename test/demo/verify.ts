import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { convert } from 'html-to-text'
import type { ReadMail, ReceivedMail } from '../smtp-server.ts'
import type { Person } from './invented-people.ts'

interface Arrival {
  person: Person
  mails: ReadMail[]
}

/** Decodes what the server got, compares it with what each person should have got, and prints what was found. */
export async function verify(
  received: readonly ReceivedMail[],
  people: readonly Person[],
  campaign: string,
): Promise<boolean> {
  const arrivals = await sortMails(received, people)
  const mails = arrivals.flatMap((arrival) => arrival.mails)
  const subjects = { fr: subjectOf(`${campaign}/fr.md`), en: subjectOf(`${campaign}/en.md`) }
  const both = (holds: (mail: ReadMail, person: Person) => boolean) =>
    arrivals.filter(({ mails: [mail], person }) => mail && holds(mail, person)).length
  const checks: [string, number][] = [
    ['mails arrived, one for each person', arrivals.filter((one) => one.mails.length === 1).length],
    [
      "are in their reader's language",
      both((mail, { lang }) => mail.subject.endsWith(subjects[lang].end)),
    ],
    [
      "carry their reader's name (subject, HTML, text)",
      both((mail, person) => isNamed(mail, person, subjects)),
    ],
    [
      'show no placeholder',
      both((mail) => !/\{\{|\}\}|undefined/.test(mail.subject + mail.html + mail.text)),
    ],
    [
      'have a Message-ID of their own',
      new Set(mails.map((mail) => mail.messageId).filter(Boolean)).size,
    ],
    ['have a one-click unsubscribe link of their own', unsubscribeLinks(mails).size],
  ]
  console.log()
  for (const [what, found] of checks) {
    const isRight = found === people.length
    const mark = isRight ? styleText('green', '✔') : styleText('red', '✘')
    console.log(`${mark} ${String(found).padStart(4)} of ${people.length} ${what}`)
  }
  return checks.every(([, found]) => found === people.length)
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
