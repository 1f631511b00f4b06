import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CutStep, KillOrder, MailStep, Order, Report } from './orders.ts'

export interface ReceivingSide {
  port: number
  /** How often each step was cut until now. */
  cuts: Map<CutStep, number>
  tell(order: Order): void
  /** Ends a worker at a step of one of its next mails; answers `false` when none came in time. */
  kill(order: KillOrder, patienceMs: number): Promise<boolean>
  /** How far the server got with the mails to these addresses; `null` where it has not heard of one. */
  stepsOf(addresses: string[]): Promise<(MailStep | null)[]>
  /** The names of those whom the server still hears, also what the dead have left on the wire. */
  talking(): Promise<string[]>
  /** All mails that were accepted until now. */
  readBook(): BookLine[]
  close(): Promise<void>
}

/** A mail that the server has taken on. */
export interface BookLine {
  messageId: string
  to: string
  /** Which process it came from. */
  worker: string
}

type Heard = EventEmitter<{
  killed: [string]
  steps: [(MailStep | null)[]]
  talking: [string[]]
}>

/** Starts the SMTP server as a process of its own; its book is a file of one line a mail. */
export async function startReceivingSide(bookFile: string): Promise<ReceivingSide> {
  const child = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), [bookFile])
  const events: Heard = new EventEmitter()
  events.setMaxListeners(0)
  const cuts = new Map<CutStep, number>()
  const listening = new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the SMTP server ended with ${code}`)))
    child.on('message', (report: Report) => {
      switch (report.type) {
        case 'listening':
          return resolve(report.port)
        case 'cut':
          cuts.set(report.step, (cuts.get(report.step) ?? 0) + 1)
          return
        case 'killed':
          return events.emit('killed', report.worker)
        case 'steps':
          return events.emit('steps', report.steps)
        case 'talking':
          return events.emit('talking', report.workers)
      }
    })
  })
  // What is under way when the run ends may come too late.
  const tell = (order: Order) => void (child.connected && child.send(order))
  return {
    port: await listening,
    cuts,
    tell,
    kill: async (kill, patienceMs) => {
      tell({ type: 'kill', kill })
      return heard(events, kill.worker, patienceMs)
    },
    stepsOf: async (addresses) => {
      if (addresses.length === 0) return []
      tell({ type: 'steps', addresses })
      const [steps] = await once(events, 'steps')
      return steps
    },
    talking: async () => {
      tell({ type: 'talking' })
      const [workers] = await once(events, 'talking')
      return workers
    },
    readBook: () => readBook(bookFile),
    close: async () => {
      child.disconnect()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

async function heard(events: Heard, worker: string, patienceMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    for (;;) {
      const [killed] = await once(events, 'killed', { signal })
      if (killed === worker) return true
    }
  } catch {
    return false
  }
}

function readBook(file: string): BookLine[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [messageId = '', to = '', worker = ''] = line.split('\t')
    return { messageId, to, worker }
  })
}
