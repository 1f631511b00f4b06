import { Resolver } from 'node:dns/promises'

/** What DNS said: the records, none where there are none, or why it could not be asked. */
export type Answer = { records: string[] } | { failed: string; isSilent?: boolean }

/** Looks names up, each once. */
export interface Dns {
  /** The strings of a TXT record are joined, as SPF, DKIM and DMARC read them. */
  txt(name: string): Promise<Answer>
  /** Names of mail servers, the first choice first; the empty name is the null MX of RFC 7505. */
  mx(name: string): Promise<Answer>
  addresses(name: string): Promise<Answer>
  /** The names of an address. */
  names(address: string): Promise<Answer>
}

/** @param server instead of those of this machine: `127.0.0.1:5353` */
export function openDns(server?: string, { timeoutMs = 2000, tries = 2 } = {}): Dns {
  const resolver = new Resolver({ timeout: timeoutMs, tries })
  if (server !== undefined) resolver.setServers([server])
  const known = new Map<string, Promise<Answer>>()
  let hasAnswered = false
  // Without a network nobody waits for each name anew.
  let dark: Answer | undefined
  const ask = async (key: string, look: () => Promise<string[]>): Promise<Answer> => {
    if (dark) return dark
    const answering = known.get(key) ?? answerOf(look)
    known.set(key, answering)
    const answer = await answering
    if ('records' in answer) hasAnswered = true
    else if (!hasAnswered && answer.isSilent) dark = answer
    return answer
  }
  return {
    txt: (name) =>
      ask(`txt ${name}`, async () => (await resolver.resolveTxt(name)).map((one) => one.join(''))),
    mx: (name) =>
      ask(`mx ${name}`, async () => {
        const found = await resolver.resolveMx(name)
        return found.toSorted((a, b) => a.priority - b.priority).map(({ exchange }) => exchange)
      }),
    addresses: (name) => ask(`a ${name}`, () => bothFamilies(resolver, name)),
    names: (address) => ask(`ptr ${address}`, () => resolver.reverse(address)),
  }
}

async function bothFamilies(resolver: Resolver, name: string): Promise<string[]> {
  const looks = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : []))
  const failed = looks.find((look) => look.status === 'rejected' && !isNothing(look.reason))
  if (found.length === 0 && failed?.status === 'rejected') throw failed.reason
  return found
}

async function answerOf(look: () => Promise<string[]>): Promise<Answer> {
  try {
    return { records: await look() }
  } catch (error) {
    if (isNothing(error)) return { records: [] }
    return {
      failed: wordsOf(error),
      isSilent: ['ETIMEOUT', 'ECONNREFUSED'].includes(codeOf(error)),
    }
  }
}

/** There is no such name, or it has nothing of that kind. */
function isNothing(error: unknown): boolean {
  return ['ENOTFOUND', 'ENODATA'].includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const words: Record<string, string> = {
  ETIMEOUT: 'no name server answered in time',
  ECONNREFUSED: 'no name server can be reached',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused to say',
}

function wordsOf(error: unknown): string {
  return words[codeOf(error)] ?? (error instanceof Error ? error.message : String(error))
}
