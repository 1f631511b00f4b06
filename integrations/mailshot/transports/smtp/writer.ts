import {
  abandon,
  answer,
  begin,
  continueBody,
  type Dialogue,
  hasLoneBody,
  openDialogue,
  takeOut,
  withdraw,
} from './dialogue.ts'
import type { Octets } from '../../transport.ts'
import type { Delivery, MessageSource } from './delivery.ts'
import { breach, lost, overdue, socketFault } from './fault.ts'
import { readExtensions } from './envelope.ts'
import type { Hold } from './hold.ts'
import type { SmtpFault } from './outcome.ts'
import { makeReplyReader, type Reply } from './reply.ts'
import { octetWriter } from './octets.ts'
import { hangUp, type Wire } from './take-over.ts'

export interface WriterOptions {
  source: MessageSource
  hold: Hold
  /** For each answer, and for each piece of a body to leave. */
  answerMs: number
  /** Then it says goodbye by itself. */
  idleMs: number
  /** Called once, when it takes no more messages. */
  ended: () => void
}

/** The one that writes to a connection and hears its answers. */
export interface Writer {
  /** Takes a message into the place that was free; `false` when it takes no more. */
  begin(delivery: Delivery): boolean
  /** Stops a message of this signal unless its body has begun to leave. */
  stop(signal: AbortSignal): void
  /** Says goodbye as soon as nothing is on the wire. */
  retire(): void
  /** Ends at once: says goodbye where nothing is on the wire, else cuts the connection. */
  close(): void
}

/** Takes a connection that is logged in, and all that is written to it from here on. */
export function openWriter(wire: Wire, options: WriterOptions): Writer {
  const { socket } = wire
  const session: Session = {
    socket,
    write: octetWriter(socket),
    options,
    dialogue: openDialogue(readExtensions(wire.ehlo), options.source),
    clock: setTimeout(() => expire(session), options.idleMs),
    clockMs: options.idleMs,
    isIdle: true,
    isHolding: false,
    goodbye: undefined,
    isOver: false,
  }
  const read = makeReplyReader()
  socket.on('data', (chunk) => {
    const { replies, breach: wrong } = read(chunk.toString('latin1'))
    for (const reply of replies) hear(session, reply)
    if (wrong !== undefined) breakOff(session, breach(wrong))
    // A piece of an answer is none: the clock goes on.
    if (replies.length > 0) endTurn(session)
  })
  socket.on('drain', () => {
    continueBody(session.dialogue)
    endTurn(session)
  })
  socket.on('error', (error) => breakOff(session, session.goodbye ?? socketFault(error)))
  socket.on('end', () => breakOff(session, session.goodbye ?? lost()))
  socket.on('close', () => breakOff(session, session.goodbye ?? lost()))
  socket.resume()
  return {
    begin(delivery) {
      const isTaken = begin(session.dialogue, delivery)
      endTurn(session)
      return isTaken
    },
    stop: (signal) => stop(session, signal),
    retire() {
      session.dialogue.isOpen = false
      endTurn(session)
    },
    close() {
      if (session.dialogue.line.length === 0) sayGoodbye(session)
      else breakOff(session, lost('closed before the relay answered'))
    },
  }
}

interface Session {
  readonly socket: Wire['socket']
  readonly write: (pieces: readonly (string | Octets)[]) => boolean
  readonly options: WriterOptions
  readonly dialogue: Dialogue
  clock: NodeJS.Timeout
  clockMs: number
  isIdle: boolean
  /** Whether a body waits for the next envelope. */
  isHolding: boolean
  /** Why it is cut as soon as the body on the wire is answered. */
  goodbye: SmtpFault | undefined
  isOver: boolean
}

// How long the answer to a body may follow the 421 that a closing server put before it.
const lingerMs = 30_000

function hear(session: Session, reply: Reply): void {
  if (session.isOver) return
  const { dialogue } = session
  const fault = answer(dialogue, reply)
  if (!fault) return
  const isAnswerDue = dialogue.line[0]?.body === 'left'
  if (fault.responseCode !== 421 || !isAnswerDue) return breakOff(session, fault)
  // Some servers tell everybody that they close, and then answer the message that they have just taken.
  session.goodbye = fault
  dialogue.isOpen = false
  const ahead = withdraw(dialogue, () => true)
  if (ahead) dialogue.source.giveBack(ahead, fault, false)
  setClock(session, Math.min(lingerMs, session.options.answerMs))
}

function stop(session: Session, signal: AbortSignal): void {
  const delivery = withdraw(session.dialogue, (one) => one.signal === signal)
  if (!delivery) return
  delivery.settle(stopped)
  // The server waits for a body that must not come: only breaking off says so.
  session.goodbye ??= lost()
  endTurn(session)
}

/** What a message that was stopped in time comes back as. */
export const stopped = {
  status: 'deferred',
  scope: 'relay',
  reason: 'stopped before hand-over',
} as const

/** Writes all that was said in this turn at once, and starts the clock that suits what is expected now. */
function endTurn(session: Session): void {
  const { dialogue, options } = session
  if (session.isOver) return
  const isIdle = dialogue.line.length === 0
  if (isIdle && session.goodbye) return breakOff(session, session.goodbye)
  if (isIdle && !dialogue.isOpen) return sayGoodbye(session)
  while (dialogue.out.length > 0 && !mustHold(session)) {
    // 'drain' goes on with the rest of a large body.
    if (!session.write(takeOut(dialogue))) break
    continueBody(dialogue)
  }
  if (isIdle !== session.isIdle) setClock(session, isIdle ? options.idleMs : options.answerMs)
  else if (!isIdle && !session.goodbye) session.clock.refresh()
  session.isIdle = isIdle
}

/** The message that takes the place of one that was answered comes when that outcome is committed, mostly within a turn. */
function mustHold(session: Session): boolean {
  const isLone = hasLoneBody(session.dialogue)
  session.isHolding =
    isLone && (session.isHolding || session.options.hold.keep(() => leave(session)))
  return session.isHolding
}

/** Writes a body that nothing has joined in time. */
function leave(session: Session): void {
  if (!session.isHolding || session.isOver) return
  session.isHolding = false
  endTurn(session)
}

function setClock(session: Session, ms: number): void {
  clearTimeout(session.clock)
  session.clockMs = ms
  session.clock = setTimeout(() => expire(session), ms)
}

function expire(session: Session): void {
  if (session.isIdle) return sayGoodbye(session)
  breakOff(session, overdue(session.dialogue.line[0]?.awaits, session.clockMs))
}

function sayGoodbye(session: Session): void {
  if (session.isOver) return
  hangUp(session.socket)
  end(session)
}

function breakOff(session: Session, fault: SmtpFault): void {
  if (session.isOver) return
  session.socket.destroy()
  end(session)
  abandon(session.dialogue, fault)
}

function end(session: Session): void {
  session.isOver = true
  session.dialogue.isOpen = false
  clearTimeout(session.clock)
  session.options.ended()
}
