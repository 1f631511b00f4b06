import type { Message, Outcome, Transport } from '../transport.ts'

export interface MemoryOptions {
  /** Most messages in one call; 1 by default. */
  batch?: number
  /** Calls at once; 4 by default. */
  parallel?: number
}

/** What a scripted answer is: an outcome, or a function of the message that may also wait before it answers. */
export type MemoryAnswer =
  Outcome | ((message: Message) => Outcome | undefined | Promise<Outcome | undefined>)

export interface MemoryTransport extends Transport {
  /** What was accepted, oldest first. */
  readonly messages: readonly Message[]
  /** What was handed over, whatever the answer: a message tried twice stands here twice. */
  readonly handedOver: readonly Message[]
  /** The accepted messages to one address, in any case of letters. */
  sentTo(address: string): Message[]
  /** Answers the next message this way instead of accepting it; several wait in a row. */
  failNext(answer: MemoryAnswer): void
  /** Answers every message this way from now on; those for which it returns `undefined` are accepted. */
  failWhen(answer: MemoryAnswer): void
  /** Forgets the messages and the scripted answers. */
  clear(): void
}

/**
 * Keeps messages instead of sending them: for tests, yours too.
 *
 * ```ts
 * const transport = memory()
 * transport.failNext({ status: 'rejected', class: 'hard', reason: '550 5.1.1 no such user' })
 * ```
 */
export function memory(options: MemoryOptions = {}): MemoryTransport {
  const accepted: Message[] = []
  const handedOver: Message[] = []
  const next: MemoryAnswer[] = []
  let always: MemoryAnswer | undefined

  async function hand(message: Message): Promise<Outcome> {
    handedOver.push(message)
    const script = next.shift() ?? always
    const scripted = typeof script === 'function' ? await script(message) : script
    const outcome = scripted ?? { status: 'accepted', providerId: `memory-${message.id}` }
    if (outcome.status === 'accepted') accepted.push(message)
    return outcome
  }

  return {
    name: 'memory',
    batch: options.batch ?? 1,
    parallel: options.parallel ?? 4,
    messages: accepted,
    handedOver,
    async send(messages, signal) {
      const outcomes: Outcome[] = []
      for (const message of messages) {
        outcomes.push(signal.aborted ? stopped : await hand(message))
      }
      return outcomes
    },
    sentTo: (address) =>
      accepted.filter((one) => one.envelope.to.toLowerCase() === address.toLowerCase()),
    failNext: (answer) => void next.push(answer),
    failWhen: (answer) => (always = answer),
    clear() {
      accepted.length = handedOver.length = next.length = 0
      always = undefined
    },
    verify: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }
