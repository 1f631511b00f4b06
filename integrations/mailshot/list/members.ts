import { setImmediate } from 'node:timers/promises'
import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import { readProfile } from '../profile.ts'
import type { ListMember, ReadMembers } from './options.ts'

/** A person whom a function answered, as they are written down. */
export interface Member {
  email: string
  written: string
  name: string
  lang: string | null
  attributes: Record<string, unknown>
}

export interface Answered {
  /** Each address once. */
  members: Map<string, Member>
  /** How many rows there were. */
  read: number
  /** Rows that are no person, or have something that cannot be kept: the first few, and how many. */
  faults: string[]
  faultCount: number
}

/** Nothing is waited for so long in vain. */
const longestMs = 5 * 60_000
const faultsKept = 10

/**
 * Asks a function who is on its list. All is read before anything is done with it.
 *
 * @throws Error when it fails, answers no list of people, takes longer than five minutes, or the signal aborts
 */
export async function askMembers(
  config: MailshotConfig,
  readMembers: ReadMembers,
  signal: AbortSignal,
): Promise<Answered> {
  const limit = AbortSignal.timeout(longestMs)
  const either = AbortSignal.any([signal, limit])
  const answer = collect(config, readMembers, either)
  const ended = new Promise<never>((_, reject) => {
    const end = () =>
      reject(new Error(limit.aborted ? 'it has not answered within 5 minutes' : 'stopped'))
    if (either.aborted) end()
    either.addEventListener('abort', end, { once: true })
  })
  // Whichever is left behind may fail later, and nobody waits for it.
  answer.catch(() => undefined)
  ended.catch(() => undefined)
  return Promise.race([answer, ended])
}

async function collect(
  config: MailshotConfig,
  readMembers: ReadMembers,
  signal: AbortSignal,
): Promise<Answered> {
  const answered: Answered = { members: new Map(), read: 0, faults: [], faultCount: 0 }
  const rows: unknown = await readMembers({ signal })
  if (!isIterable(rows)) throw new Error('it answers no list of people')
  for await (const row of rows) {
    // What is there at once, as an array or a generator, would let nobody else have a turn, nor the time run out.
    if (answered.read % rowsAtOnce === 0) await setImmediate()
    signal.throwIfAborted()
    answered.read += 1
    const { member, problems } = memberOf(config, row)
    if (member && !answered.members.has(member.email)) answered.members.set(member.email, member)
    if (problems.length === 0) continue
    answered.faultCount += 1
    if (answered.faults.length < faultsKept)
      answered.faults.push(`${answered.read}: ${problems.join('; ')}`)
  }
  return answered
}

const rowsAtOnce = 1000

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.iterator in value || Symbol.asyncIterator in value
}

/** The person of a row, if there is one, and what of it cannot be kept. */
function memberOf(
  config: MailshotConfig,
  row: unknown,
): { member?: Member | undefined; problems: string[] } {
  if (typeof row !== 'object' || row === null) {
    return { problems: ['it is no person, like { email, name }'] }
  }
  const { email, name, lang, attributes }: Partial<Record<keyof ListMember, unknown>> = row
  const address = typeof email === 'string' ? parseEmailAddress(email) : undefined
  if (!address) {
    return { problems: [`"${typeof email === 'string' ? email : ''}" is not an e-mail address`] }
  }
  const { profile, problems, unknown } = readProfile(config.fields, {
    name: typeof name === 'string' ? name : undefined,
    lang: typeof lang === 'string' ? lang : undefined,
    attributes: typeof attributes === 'object' && attributes !== null ? { ...attributes } : {},
  })
  return {
    member: { email: address.identity, written: address.written, ...profile },
    problems: [...problems, ...unknown.map((field) => `${field}: it is no field of the settings`)],
  }
}
