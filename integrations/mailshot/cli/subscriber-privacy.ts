import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { auditStatement } from '../audit.ts'
import { MailshotError } from '../error.ts'
import type { MailshotConfig } from '../config.ts'
import { type Mailshot, requireSecret } from '../mailshot.ts'
import { proofOf, verifyProof } from '../privacy/proof.ts'
import { findUnseen, type Unseen } from '../privacy/unseen.ts'
import { unsubscribe } from '../subscriber.ts'
import { findByFormerAddress } from '../subscriber/addresses.ts'
import { readPersonalData } from '../subscriber/data.ts'
import { erase, eraseAddress } from '../subscriber/erase.ts'
import { findSubscriber } from '../subscriber/read.ts'
import { type ExitCode, exitCodes } from './command.ts'
import { count, formatTime, isoTime } from './format.ts'
import { actor } from './project.ts'
import { addressOf, personNamed } from './subscriber-named.ts'
import { listsNamed } from './subscriber-list.ts'
import { printList } from './table.ts'
import type { Terminal } from './terminal.ts'

/** The options of what the law asks for. */
export const privacyOptions = {
  output: { type: 'string', value: 'FILE', about: 'proof, data: write it there.' },
  verify: {
    type: 'string',
    value: 'FILE',
    about: 'proof: say whether that file is as this site made it.',
  },
  months: { type: 'string', value: 'N', about: 'unseen: for how many months.' },
  unsubscribe: {
    type: 'boolean',
    about: 'unseen: end their subscriptions; without it, only list them.',
  },
  yes: { type: 'boolean', about: 'erase, unseen: do not ask.' },
} as const

interface PrivacyCall {
  positionals: string[]
  terminal: Terminal
  values: {
    list?: string[]
    output?: string
    verify?: string
    months?: string
    unsubscribe?: boolean
    yes?: boolean
  }
}

/** The same call with the files found where it was called, before the project's folder becomes the current one. */
export function withFiles<Given extends PrivacyCall>(call: Given): Given {
  const { output, verify: proof } = call.values
  const files = {
    ...(output !== undefined && { output: resolve(output) }),
    ...(proof !== undefined && { verify: resolve(proof) }),
  }
  return { ...call, values: { ...call.values, ...files } }
}

/** Erases a person, and what there is about an address that nobody has. */
export async function erasePerson(call: PrivacyCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, terminal } = call
  const email = addressOf(call)
  const question = `Erase all that is known of ${email}? It cannot be taken back.`
  if (terminal.interactive && !values.yes && !(await terminal.confirm(question))) {
    return exitCodes.wrongRequest
  }
  const person = await findSubscriber(mailshot, email)
  if (!person) await refuseFormer(mailshot, email)
  const { status } = person ? await erase(mailshot, person.id, actor()) : { status: 'unknown' }
  if (!person) await eraseAddress(mailshot, email, actor())
  if (terminal.json) terminal.printJson({ email, status })
  else terminal.print(`${email}: ${said(status)}`)
  terminal.note(
    'Backups and exports of yours still have what they had, and so have files of rejected rows elsewhere.',
  )
  return exitCodes.done
}

/** An address that somebody had before is theirs: it goes with all that there is of them, or not at all. */
async function refuseFormer(mailshot: Mailshot, email: string): Promise<void> {
  const now = await findByFormerAddress(mailshot, email)
  if (now === undefined) return
  throw new MailshotError(
    `${email}: a reader had it before, whose address is ${now} by now; erase that: mailshot subscribers erase ${now}`,
  )
}

function said(status: string): string {
  if (status === 'unknown') return 'nobody here has it; what was kept about the address is erased'
  return status === 'in-hand'
    ? 'erased, but for a mail that is just being handed over, which follows by itself'
    : 'erased'
}

/** Tells what a person agreed to, signed. */
export async function prove(call: PrivacyCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, terminal } = call
  const person = await personNamed(call, mailshot)
  const text = await proofOf(mailshot, person)
  const file = values.output
  if (file !== undefined) await writeNew(file, text)
  if (terminal.json) terminal.printJson({ email: person.email, file: file ?? null, proof: text })
  else terminal.print(file === undefined ? text.trimEnd() : `${person.email}: ${file}`)
  return exitCodes.done
}

/**
 * Tells whether such a file is genuine. It needs the secret alone: the database may be gone by then, and the person in it.
 *
 * @throws MailshotError without a secret, or where the file cannot be read
 */
export async function verifyFile(
  file: string,
  { terminal }: PrivacyCall,
  config: MailshotConfig,
): Promise<ExitCode> {
  requireSecret(config)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MailshotError(`--verify ${file}: it cannot be read`, { cause })
  })
  const result = verifyProof(config.secrets, text)
  if (terminal.json) terminal.printJson({ file, result })
  else terminal.print(`${file}: ${verdicts[result]}`)
  return result === 'genuine' ? exitCodes.done : exitCodes.wrongRequest
}

const verdicts = {
  genuine: 'genuine, as this site made it',
  changed:
    'not as this site made it: it was changed since, or signed with a secret that this site has no more',
  'no-proof': 'this is no proof, or its last line is missing',
}

/** Hands out all that is held about a person, as their own page does: to whoever gets no mail, and cannot ask for a link to that. */
export async function handOut(call: PrivacyCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, terminal } = call
  const person = await personNamed(call, mailshot)
  const data = await readPersonalData(mailshot, person.id)
  const file = values.output
  if (file !== undefined) await writeNew(file, `${JSON.stringify(data, null, 2)}\n`)
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: actor(),
      action: 'export-data',
      subject: `subscriber:${person.id}`,
      detail: { format: 'json' },
    }),
  )
  if (terminal.json) terminal.printJson({ email: person.email, file: file ?? null, data })
  else
    terminal.print(file === undefined ? JSON.stringify(data, null, 2) : `${person.email}: ${file}`)
  return exitCodes.done
}

/** Only its owner may read it, and no other file is lost by it. */
async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw new MailshotError(`--output ${file}: it cannot be written, or is there already`, {
      cause,
    })
  })
}

/** Lists the readers of whom nothing was seen for long, and takes them off their lists where that is asked for. */
export async function unseen(call: PrivacyCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, terminal } = call
  const lists = await listsNamed(values, mailshot)
  const found = await findUnseen(mailshot, { months: parseMonths(values.months), lists })
  printList(terminal, found.readers, {
    heading: ['address', 'lists', 'mails', 'last mail'],
    cells: (one) => [
      one.email,
      one.lists.join(', '),
      one.mails,
      formatTime(one.lastMailAt, mailshot.config.timeZone),
    ],
    json: ({ lastMailAt, ...one }) => ({ ...one, lastMailAt: isoTime(lastMailAt) }),
    empty: 'Nobody.',
  })
  terminal.note(honesty(mailshot, found))
  if (values.unsubscribe !== true || found.readers.length === 0) return exitCodes.done
  const question = `End the subscriptions of ${count(found.readers.length, 'reader')}?`
  if (terminal.interactive && !values.yes && !(await terminal.confirm(question))) {
    return exitCodes.wrongRequest
  }
  for (const { id, lists: on } of found.readers) {
    await unsubscribe(mailshot, { subscriberId: id, lists: on, reason: 'unseen', actor: actor() })
  }
  terminal.note(`${count(found.readers.length, 'reader')} taken off.`)
  return exitCodes.done
}

/** What such a list is worth. */
function honesty({ config }: Mailshot, { readers, judged, unknown }: Unseen): string {
  if (!config.tracking.individual && judged === 0) {
    return (
      'Nobody here is counted by name, so nobody can tell who reads: that needs tracking: { individual: true }, and the ' +
      "readers' consent. To ask everybody instead: mailshot reconsent."
    )
  }
  return (
    `${readers.length} of ${count(judged, 'reader')} who are counted by name. Of ${count(unknown, 'other')} nobody can tell. ` +
    'Who reads without loading images, and follows no link, is not seen either: ask them before you take them off (mailshot reconsent).'
  )
}

function parseMonths(text: string | undefined): number {
  const months = Number(text)
  if (Number.isInteger(months) && months >= 1 && months <= 600) return months
  throw new MailshotError('subscribers unseen: for how many months? Add --months 6')
}
