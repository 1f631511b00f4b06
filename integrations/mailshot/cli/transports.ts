import { didYouMean } from '../closest.ts'
import { MailshotError } from '../error.ts'
import { transportsOf } from '../route.ts'
import type { Transport } from '../transport.ts'

export const transportOption = {
  transport: {
    type: 'string',
    value: 'NAME',
    about: 'This one alone: mailjet, sparkpost, mandrill; by default all of the settings that can.',
  },
} as const

/**
 * The transports of the settings that can do something, or the one that is named.
 *
 * @param lack what is told of one that cannot
 * @throws MailshotError when there is no such transport, or none that can
 */
export function transportsThat(
  config: Parameters<typeof transportsOf>[0],
  { name, can, lack }: { name: string | undefined; can: (one: Transport) => boolean; lack: string },
): Transport[] {
  const all = transportsOf(config).filter(
    ({ name: own }, place, them) => them.findIndex((one) => one.name === own) === place,
  )
  const names = all.map((one) => one.name)
  if (name !== undefined && !names.includes(name)) {
    throw new MailshotError(
      `--transport ${name}: the settings have no such transport; ${didYouMean(name, names)}`,
    )
  }
  const found = all.filter((one) => can(one) && (name === undefined || one.name === name))
  if (found.length === 0) throw new MailshotError(`${name ?? names.join(' and ')}: ${lack}`)
  return found
}

/**
 * Does something with each, also where another one's provider is out of reach or refuses, and closes it.
 *
 * @throws MailshotError that says what went wrong with whom, after all have had their turn
 */
export async function withEach(
  transports: readonly Transport[],
  work: (transport: Transport) => Promise<void>,
): Promise<void> {
  const faults: MailshotError[] = []
  for (const transport of transports) {
    try {
      await work(transport)
    } catch (error) {
      if (!(error instanceof MailshotError)) throw error
      faults.push(error)
    } finally {
      await transport.close?.()
    }
  }
  const [first, ...others] = faults
  if (first === undefined) return
  if (others.length === 0) throw first
  throw new MailshotError(faults.map(({ message }) => message).join('\n'), { cause: first })
}
