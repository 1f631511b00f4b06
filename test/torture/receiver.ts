// The receiving side, a process of its own that outlives all that is killed: an SMTP server whose book has one line for
// each mail that it accepted, written before the 250 leaves.
import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { CutStep, KillOrder, MailStep, Order, Report } from './orders.ts'
import { converse, type Desk, type Mail } from './conversation.ts'

const [bookFile = ''] = process.argv.slice(2)
const book = openSync(bookFile, 'a')
const steps = new Map<string, MailStep>()
const cuts = new Map<CutStep, number>()
const dead = new Set<string>()
/** Who is talked with, once for each connection. */
const talks = new Set<{ worker: string }>()
let kills: KillOrder[] = []
let connections = 0
let delayMs = 0
let isAway = false

const server = createServer((socket) => {
  connections += 1
  const talk = { worker: '' }
  const desk: Desk = {
    meet: (worker) => {
      talk.worker = worker
      talks.add(talk)
    },
    pipelining: connections % 4 > 0,
    resets: connections % 3 === 0,
    isCut: (step) => {
      if (isAway && (step === 'connect' || step === 'rcpt')) return true
      const left = cuts.get(step) ?? 0
      if (left === 0) return false
      cuts.set(step, left - 1)
      tell({ type: 'cut', step })
      return true
    },
    accept: ({ messageId, to, worker }: Mail) => {
      writeSync(book, `${messageId}\t${to}\t${worker}\n`)
    },
    reach: (step, { to, worker }) => {
      if (dead.has(worker)) return
      steps.set(to, step)
      const order = kills.find((kill) => kill.worker === worker && kill.at === step)
      if (order) obeyKill(order)
    },
    // Uneven, so that answers to several connections do not come as one.
    beforeAnswer: () => setTimeout(delayMs * (0.5 + Math.random())),
  }
  void converse(socket, desk).finally(() => talks.delete(talk))
})

function obeyKill(order: KillOrder): void {
  kills = kills.filter((kill) => kill !== order)
  const strike = () => {
    process.kill(order.pid, 'SIGKILL')
    dead.add(order.worker)
    tell({ type: 'killed', worker: order.worker })
  }
  if (order.afterMs === 0) strike()
  else void setTimeout(order.afterMs).then(strike)
}

process.on('message', (order: Order) => {
  switch (order.type) {
    case 'delay':
      delayMs = order.ms
      return
    case 'cut':
      cuts.set(order.step, (cuts.get(order.step) ?? 0) + 1)
      return
    case 'away':
      isAway = order.isAway
      return
    case 'kill':
      if (order.kill.at === 'now') obeyKill(order.kill)
      else kills.push(order.kill)
      return
    case 'steps':
      tell({ type: 'steps', steps: order.addresses.map((to) => steps.get(to) ?? null) })
      return
    case 'talking':
      tell({ type: 'talking', workers: [...talks].map(({ worker }) => worker) })
  }
})
// Without the test there is nobody left to serve.
process.on('disconnect', () => process.exit(0))

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  tell({ type: 'listening', port: address.port })
})

function tell(report: Report): void {
  process.send?.(report)
}
