import type { Octets, Outcome } from '../../transport.ts'
import { acceptedId, lastLine } from './answer.ts'
import type { Delivery, MessageSource } from './delivery.ts'
import { type Extensions, writeEnvelope } from './envelope.ts'
import { type Asked, breach, outOfOrder, refused } from './fault.ts'
import { outcomeOfFault, type SmtpFault } from './outcome.ts'
import { isNo, isYes, type Reply } from './reply.ts'

/**
 * What is said on one connection: text to write, and how each answer is read. Where the server offers PIPELINING, the
 * next envelope leaves with each body (RFC 2920), so a message costs one round trip; else every command waits.
 */
export interface Dialogue {
  readonly extensions: Extensions
  readonly source: MessageSource
  /** The message being answered, and at most one envelope behind its body. */
  readonly line: Transaction[]
  /** To be written, and how many answers it asks for. */
  out: (string | Octets)[]
  asks: number
  /** Answers that are due to what was written. */
  due: number
  /** Whether more messages may begin. */
  isOpen: boolean
  /** Whether a message has come to its end here. */
  hasTaken: boolean
  needsReset: boolean
}

type Command = Exclude<Asked, 'body' | 'void'>

interface Transaction {
  readonly delivery: Delivery
  readonly commands: Readonly<Record<Command, string>>
  /** What the next answer is to. */
  awaits: Asked
  refusal: SmtpFault | undefined
  /** How many parts of the content were said. */
  said: number
  /** From `left` on, with the final dot, the server may have taken the message; before, it must not (RFC 5321 §4.1.1.4). */
  body: 'kept' | 'leaving' | 'left'
  isSettled: boolean
}

const dot = '.\r\n'

export function openDialogue(extensions: Extensions, source: MessageSource): Dialogue {
  return {
    extensions,
    source,
    line: [],
    out: [],
    asks: 0,
    due: 0,
    isOpen: true,
    hasTaken: false,
    needsReset: false,
  }
}

/** Begins with a message, or with the next that this server can take; `false` when it begins none here now. */
export function begin(dialogue: Dialogue, delivery: Delivery): boolean {
  const last = dialogue.line.at(-1)
  // Until a body has come to its dot, whatever is written next would be read as the body.
  if (!dialogue.isOpen || (last && !isWhole(last) && last.awaits !== 'void')) return false
  if (!writeFirst(dialogue, delivery)) takeNext(dialogue)
  return true
}

function takeNext(dialogue: Dialogue): void {
  const { line, source, extensions } = dialogue
  if (!dialogue.isOpen || (line.length > 0 && !extensions.pipelining)) return
  const place = line.length > 0 ? 'ahead' : 'idle'
  for (let next = source.next(place); next; next = source.next(place)) {
    if (writeFirst(dialogue, next)) return
  }
  source.free(place)
}

/** Writes the envelope, or the first command of it; `false` when the message is settled without. */
function writeFirst(dialogue: Dialogue, delivery: Delivery): boolean {
  const { extensions } = dialogue
  const envelope = writeEnvelope(delivery.envelope, delivery.content, extensions)
  if ('status' in envelope) {
    delivery.settle(envelope)
    return false
  }
  const commands = {
    RSET: 'RSET\r\n',
    'MAIL FROM': `${envelope.mail}\r\n`,
    'RCPT TO': `${envelope.rcpt}\r\n`,
    DATA: 'DATA\r\n',
  }
  const awaits = dialogue.needsReset ? 'RSET' : 'MAIL FROM'
  const state = { refusal: undefined, said: 0, body: 'kept', isSettled: false } as const
  dialogue.line.push({ delivery, commands, awaits, ...state })
  say(dialogue, commands[awaits])
  if (extensions.pipelining) {
    if (dialogue.needsReset) say(dialogue, commands['MAIL FROM'])
    say(dialogue, commands['RCPT TO'])
    say(dialogue, commands.DATA)
  }
  dialogue.needsReset = false
  return true
}

function say(dialogue: Dialogue, question: string): void {
  dialogue.out.push(question)
  dialogue.asks += 1
}

/** What is to be written now, which counts as written from here on. */
export function takeOut(dialogue: Dialogue): readonly (string | Octets)[] {
  const { out, line } = dialogue
  const first = line[0]
  if (first && first.said > 0) first.body = isWhole(first) ? 'left' : 'leaving'
  dialogue.due += dialogue.asks
  dialogue.asks = 0
  dialogue.out = []
  return out
}

/** Whether nothing but a whole body is to be written, which the next envelope could still join. */
export function hasLoneBody({ line, extensions, isOpen }: Dialogue): boolean {
  const [first, second] = line
  if (!isOpen || !extensions.pipelining || second) return false
  return first?.awaits === 'body' && first.body === 'kept' && isWhole(first)
}

/** Reads the answer to the oldest thing asked; a fault that is returned ends the connection. */
export function answer(dialogue: Dialogue, reply: Reply): SmtpFault | undefined {
  const [first] = dialogue.line
  if (!first) return breach(`an answer to nothing: ${reply.text}`)
  // RFC 5321 §3.8: a server that closes says so at any step.
  const isToldBefore = first.body === 'left' && first.refusal !== undefined
  if (reply.code === 421 && !isToldBefore) {
    const fault = refused(first.awaits, reply)
    if (first.body === 'left') first.refusal = fault
    return fault
  }
  if (dialogue.due === 0) return answerTooEarly(first, reply)
  dialogue.due -= 1
  switch (first.awaits) {
    case 'RSET':
      return isYes(reply) ? ask(dialogue, first, 'MAIL FROM') : outOfOrder(reply)
    case 'MAIL FROM':
    case 'RCPT TO':
      return answerEnvelope(dialogue, first, reply)
    case 'DATA':
      return answerData(dialogue, first, reply)
    case 'body':
      return answerBody(dialogue, first, reply)
    case 'void':
      return isYes(reply) || isNo(reply) ? finish(dialogue) : outOfOrder(reply)
  }
}

function ask(dialogue: Dialogue, first: Transaction, command: Command): undefined {
  first.awaits = command
  if (!dialogue.extensions.pipelining) say(dialogue, first.commands[command])
}

function answerEnvelope(
  dialogue: Dialogue,
  first: Transaction,
  reply: Reply,
): SmtpFault | undefined {
  if (isNo(reply)) first.refusal ??= refused(first.awaits, reply)
  else if (!isYes(reply)) return outOfOrder(reply)
  if (first.refusal && !dialogue.extensions.pipelining) return finishRefused(dialogue, first)
  return ask(dialogue, first, first.awaits === 'MAIL FROM' ? 'RCPT TO' : 'DATA')
}

function answerData(dialogue: Dialogue, first: Transaction, reply: Reply): SmtpFault | undefined {
  if (isNo(reply)) {
    first.refusal ??= refused('DATA', reply)
    return finishRefused(dialogue, first)
  }
  if (reply.code !== 354) return outOfOrder(reply)
  if (!first.refusal) {
    first.awaits = 'body'
    continueBody(dialogue)
    return undefined
  }
  settle(first, outcomeOfFault(first.refusal))
  // Without a sender there is no transaction that a dot could end.
  if (first.refusal.command === 'MAIL FROM') return outOfOrder(reply)
  // RFC 2920 §3.1: a lone dot for a server that opens a message to nobody.
  first.awaits = 'void'
  say(dialogue, dot)
  takeNext(dialogue)
  return undefined
}

/** Writes what may leave of the body now, and behind its dot the next envelope. */
export function continueBody(dialogue: Dialogue): void {
  const first = dialogue.line[0]
  if (first?.awaits !== 'body') return
  const { parts } = first.delivery.content
  if (isWhole(first)) return
  const part = parts[first.said]
  if (part) dialogue.out.push(part)
  first.said += 1
  if (!isWhole(first)) return
  // A content ends its last line. Looking whether it does would copy it once more.
  say(dialogue, dot)
  takeNext(dialogue)
}

function answerBody(dialogue: Dialogue, first: Transaction, reply: Reply): SmtpFault | undefined {
  const { text } = reply
  if (first.refusal && dialogue.due > 0) {
    // The 421 before it answered the body, or told that the server closes: this one may be to the envelope behind.
    const reason = `an answer that may be to the next message: ${first.refusal.message}; ${text}`
    const isNothing = isNo(reply)
    settle(first, isNothing ? outcomeOfFault(first.refusal) : { status: 'uncertain', reason })
    return outOfOrder(reply)
  }
  if (isYes(reply)) {
    settle(first, { status: 'accepted', providerId: acceptedId(text), answer: lastLine(text) })
  } else if (isNo(reply)) settle(first, outcomeOfFault(refused('body', reply)))
  else return outOfOrder(reply)
  return finish(dialogue)
}

/** Nothing was asked that this could be the answer to, but a body may be on its way. */
function answerTooEarly(first: Transaction, reply: Reply): SmtpFault {
  if (first.body === 'leaving') {
    if (isNo(reply)) settle(first, outcomeOfFault(refused('body', reply)))
    // A server that takes a message before its end may do anything with it.
    else settle(first, { status: 'uncertain', reason: `taken before its end: ${reply.text}` })
  }
  return outOfOrder(reply)
}

function finishRefused(dialogue: Dialogue, first: Transaction): undefined {
  if (first.refusal) settle(first, outcomeOfFault(first.refusal))
  // A sender that was taken stands until a dot or RSET (RFC 5321 §4.1.1.5), and bars the next.
  dialogue.needsReset = first.refusal?.command !== 'MAIL FROM'
  return finish(dialogue)
}

function finish(dialogue: Dialogue): undefined {
  dialogue.line.shift()
  dialogue.hasTaken = true
  if (dialogue.line.length === 0) takeNext(dialogue)
}

/** Gives the envelope up that no body has followed yet, if it is `meant`; nothing may begin here any more. */
export function withdraw(dialogue: Dialogue, isMeant: (one: Delivery) => boolean) {
  const last = dialogue.line.at(-1)
  if (!last || hasBegun(last) || !isMeant(last.delivery)) return undefined
  dialogue.isOpen = false
  dialogue.line.pop()
  return last.delivery
}

/** Ends everything that is on the wire, once nothing more can be written or read. */
export function abandon(dialogue: Dialogue, fault: SmtpFault): void {
  dialogue.isOpen = false
  const isOwn = !dialogue.hasTaken
  for (const [index, one] of dialogue.line.splice(0).entries()) {
    const handedOver = fault.handedOver || one.body === 'left'
    // Whoever breaks the protocol after a 421 may have taken the message.
    const isClear = one.body !== 'left' || fault.code !== 'EPROTOCOL'
    if (one.refusal && isClear) settle(one, outcomeOfFault(one.refusal))
    else if (hasBegun(one)) settle(one, outcomeOfFault({ ...fault, handedOver, isAtMail: true }))
    else {
      const isAtMail = one.awaits !== 'RSET' && one.awaits !== 'MAIL FROM'
      const own = { ...fault, handedOver: false, isAtMail }
      dialogue.source.giveBack(one.delivery, own, isOwn && index === 0)
    }
  }
}

/** Whether its body was said down to the final dot. */
function isWhole({ said, delivery }: Transaction): boolean {
  return said >= delivery.content.parts.length
}

function hasBegun(transaction: Transaction): boolean {
  return transaction.body !== 'kept' || transaction.awaits === 'void'
}

function settle(transaction: Transaction, outcome: Outcome): void {
  if (transaction.isSettled) return
  transaction.isSettled = true
  transaction.delivery.settle(outcome)
}
