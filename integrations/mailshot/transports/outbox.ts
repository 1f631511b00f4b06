import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MailshotError } from '../error.ts'
import type { Message, Outcome, Transport } from '../transport.ts'

export interface OutboxOptions {
  /** Made when the first message comes. */
  folder: string
}

/**
 * Writes each message as an `.eml` file that any mail program opens, and mails nobody: for development. The file is named
 * by the message's id, so that trying again replaces it, and appears at once and whole.
 */
export function outbox({ folder }: OutboxOptions): Transport {
  return {
    name: 'outbox',
    batch: 1,
    parallel: 4,
    send: (messages, signal) =>
      Promise.all(messages.map((message) => keep(folder, message, signal))),
    async verify() {
      try {
        await writeWhole(folder, 'verify.eml', new Uint8Array())
        await rm(join(folder, 'verify.eml'))
      } catch (cause) {
        throw new MailshotError(
          `${refusal(folder, cause)}; name another folder, or make it writable`,
          {
            cause,
          },
        )
      }
    },
    close: () => Promise.resolve(),
  }
}

async function keep(folder: string, message: Message, signal: AbortSignal): Promise<Outcome> {
  if (signal.aborted) {
    return { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }
  }
  const bytes = Buffer.from(message.mime(), 'latin1')
  const name = fileName(message.id)
  try {
    await writeWhole(folder, name, bytes)
    return { status: 'accepted', providerId: name }
  } catch (cause) {
    return { status: 'blocked', reason: refusal(folder, cause) }
  }
}

/** Readable for our own ids; whatever else an id may hold cannot leave the folder or hide the file. */
function fileName(id: string): string {
  const safe = encodeURIComponent(id).replaceAll('*', '%2A').replace(/^\./, '%2E')
  return `${safe}.eml`
}

async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true })
  const draft = join(folder, `.${name}.${process.pid}.${newDraft()}`)
  try {
    await writeFile(draft, bytes, { flag: 'wx', flush: true })
    await rename(draft, join(folder, name))
  } catch (cause) {
    await rm(draft, { force: true })
    throw cause
  }
}

let drafts = 0
function newDraft(): number {
  return (drafts += 1)
}

function refusal(folder: string, cause: unknown): string {
  return `the outbox ${folder} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`
}
