import type { Message, Outcome } from '../../transport.ts'
import type { Content } from './content.ts'
import type { Delivery, MessageSource } from './delivery.ts'
import { lost } from './fault.ts'
import { type Hold, openHold } from './hold.ts'
import type { CheckedSmtpOptions } from './options.ts'
import { outcomeOfFault, type SmtpFault } from './outcome.ts'
import { openWire, type Wire } from './take-over.ts'
import { explainVerifyFault } from './verify.ts'
import { openWriter, stopped, type Writer } from './writer.ts'

/** The connections to one relay; the first is opened by the first message. */
export interface Relay {
  /** Hands a message over on a free connection, a new one, or behind another message. */
  handOver(envelope: Message['envelope'], content: Content, signal: AbortSignal): Promise<Outcome>
  isClosed(): boolean
  /** Ends at once; every message has its outcome then. */
  close(): void
}

interface State {
  readonly options: CheckedSmtpOptions
  /** In the order they came; those that were given back first. */
  waiting: Delivery[]
  readonly writers: Set<Writer>
  /** The last one used is used first, so that the others may end. */
  readonly idle: Writer[]
  readonly ahead: Set<Writer>
  readonly watched: WeakSet<AbortSignal>
  readonly closing: AbortController
  readonly hold: Hold
  opening: number
  /** Messages that the relay has taken. */
  accepted: number
  /** How long no further connection is tried after one failed beside others that work; 0 while none has failed. */
  pauseMs: number
  isPausing: boolean
}

// A message that finds one connection after the other ended by the server waits, rather than try them all.
const mostMoves = 3
const idleMs = 120_000

/** Makes ready; opens no connection yet. */
export function openRelay(options: CheckedSmtpOptions): Relay {
  const state: State = {
    options,
    waiting: [],
    writers: new Set(),
    idle: [],
    ahead: new Set(),
    watched: new WeakSet(),
    closing: new AbortController(),
    hold: openHold(),
    opening: 0,
    accepted: 0,
    pauseMs: 0,
    isPausing: false,
  }
  return {
    handOver(envelope, content, signal) {
      if (state.closing.signal.aborted || signal.aborted) return Promise.resolve(stopped)
      watch(state, signal)
      state.hold.came()
      return new Promise((resolve) => {
        const settle = (outcome: Outcome) => {
          state.hold.expect()
          if (outcome.status === 'accepted') state.accepted += 1
          resolve(outcome)
        }
        const counts = { moves: 0, isSuspect: false, acceptedBefore: state.accepted }
        state.waiting.push({ envelope, content, signal, settle, ...counts })
        dispatch(state)
      })
    },
    isClosed: () => state.closing.signal.aborted,
    close() {
      state.closing.abort()
      for (const delivery of state.waiting.splice(0)) delivery.settle(stopped)
      for (const writer of state.writers) writer.close()
    },
  }
}

function watch(state: State, signal: AbortSignal): void {
  if (state.watched.has(signal)) return
  state.watched.add(signal)
  const stop = () => {
    const meant = state.waiting.filter((delivery) => delivery.signal === signal)
    state.waiting = state.waiting.filter((delivery) => delivery.signal !== signal)
    for (const delivery of meant) delivery.settle(stopped)
    for (const writer of state.writers) writer.stop(signal)
  }
  signal.addEventListener('abort', stop, { once: true })
}

/** Gives what waits to the connections that have nothing to do, to new ones, and last behind other messages. */
function dispatch(state: State): void {
  for (
    let writer = state.idle.at(-1);
    writer && state.waiting.length > 0;
    writer = state.idle.at(-1)
  ) {
    state.idle.pop()
    give(state, writer)
  }
  openMore(state)
  for (const writer of state.ahead) {
    // Each connection that is being opened takes one.
    if (state.waiting.length <= state.opening || mustGoFirst(state.waiting[0])) return
    state.ahead.delete(writer)
    give(state, writer)
  }
}

function give(state: State, writer: Writer): void {
  const delivery = state.waiting.shift()
  if (delivery && !writer.begin(delivery)) state.waiting.unshift(delivery)
}

/** One that lost its place behind another message is not put there again. */
function mustGoFirst(delivery: Delivery | undefined): boolean {
  return delivery !== undefined && delivery.moves > 0
}

function openMore(state: State): void {
  const { writers, waiting, options } = state
  const isAlone = writers.size === 0
  if (state.closing.signal.aborted || (state.isPausing && !isAlone)) return
  // One goes first, so that a wrong password is tried once, and not by each.
  const most = isAlone ? 1 : options.connections - writers.size
  const wanted = Math.min(most, waiting.length) - state.opening
  for (let opened = 0; opened < wanted; opened += 1) void open(state)
}

async function open(state: State): Promise<void> {
  const { options, closing } = state
  state.opening += 1
  const wire = await openWire(options, closing.signal)
  state.opening -= 1
  if (closing.signal.aborted) {
    if ('socket' in wire) wire.socket.destroy()
  } else if (!('socket' in wire)) giveUpOpening(state, wire)
  else if (wire.socket.destroyed) giveUpOpening(state, lost())
  else adopt(state, wire)
}

function giveUpOpening(state: State, fault: SmtpFault): void {
  if (state.writers.size === 0) {
    if (state.opening > 0) return
    const outcome = openingOutcome(state.options, fault)
    for (const delivery of state.waiting.splice(0)) delivery.settle(outcome)
    return
  }
  // The relay lets in fewer than it was said to: those that are in go on.
  if (state.isPausing) return
  state.isPausing = true
  state.pauseMs = Math.min(Math.max(1000, 2 * state.pauseMs), 60_000)
  const resume = () => {
    state.isPausing = false
    dispatch(state)
  }
  setTimeout(resume, state.pauseMs).unref()
  // Those that waited for this one may go behind others.
  dispatch(state)
}

/** What stops the send until a person has looked comes with its cure. */
function openingOutcome(options: CheckedSmtpOptions, fault: SmtpFault): Outcome {
  const outcome = outcomeOfFault(fault)
  if (outcome.status !== 'blocked') return outcome
  return { ...outcome, reason: explainVerifyFault(options, fault).message }
}

function adopt(state: State, wire: Wire): void {
  const { options, writers, idle, ahead } = state
  state.pauseMs = 0
  let renewal: NodeJS.Timeout | undefined
  const source: MessageSource = {
    next(place) {
      // What it was free for is over; a second message begun here would become part of the first.
      ahead.delete(writer)
      return place === 'ahead' && mustGoFirst(state.waiting[0]) ? undefined : state.waiting.shift()
    },
    free(place) {
      if (place === 'ahead') return void ahead.add(writer)
      ahead.delete(writer)
      idle.push(writer)
    },
    giveBack: (delivery, fault, isOwn) => takeBack(state, delivery, { fault, isOwn }),
  }
  const ended = () => {
    clearTimeout(renewal)
    writers.delete(writer)
    ahead.delete(writer)
    if (idle.includes(writer)) idle.splice(idle.indexOf(writer), 1)
    dispatch(state)
  }
  const answerMs = options.answerTimeoutSeconds * 1000
  const writer = openWriter(wire, { source, hold: state.hold, answerMs, idleMs, ended })
  if (options.tls !== 'none') {
    renewal = setTimeout(() => writer.retire(), renewalMs(options, writers.size)).unref()
  }
  writers.add(writer)
  idle.push(writer)
  dispatch(state)
}

/** Not all at once: those that were opened together end over a quarter of the time. */
function renewalMs({ renewAfterMinutes }: CheckedSmtpOptions, place: number): number {
  return renewAfterMinutes * 60_000 * (1 - (place % 10) / 40)
}

function takeBack(
  state: State,
  delivery: Delivery,
  { fault, isOwn }: { fault: SmtpFault; isOwn: boolean },
): void {
  if (state.closing.signal.aborted || delivery.signal.aborted) return delivery.settle(stopped)
  delivery.isSuspect ||= isOwn
  // Where others pass, one that new connections end at is likely to cause it; old ones may just have had enough.
  const isBlamed = delivery.isSuspect && state.accepted > delivery.acceptedBefore
  if (delivery.moves >= mostMoves || (isOwn && !isBlamed)) {
    const outcome = outcomeOfFault(fault)
    if (outcome.status !== 'deferred') return delivery.settle(outcome)
    if (isBlamed) return delivery.settle({ ...outcome, scope: 'recipient' })
    // Whatever ended a connection that others were on says nothing of this one.
    return delivery.settle(isOwn ? outcome : { ...outcome, step: 'connection' })
  }
  delivery.moves += 1
  state.waiting.unshift(delivery)
  dispatch(state)
}
