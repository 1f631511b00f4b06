import { clientAddress, isWithin, near, networksOf, plainAddress } from '../client-address.ts'
import type { MailshotConfig } from '../config.ts'
import { type MachineKind, machineAgents, machineRanges } from './machines.ts'

/** What a request says of who made it. None of it is ever written down. */
export interface Visitor {
  agent: string
  /** Undefined where it is not known: it came through a proxy that does not say for whom. */
  address: string | undefined
}

/**
 * Who made a request. Where the config declares no proxies, the address is a guess: behind a proxy on the same machine or network, what
 * that appended to X-Forwarded-For last; a forged line could at most have an open counted as a machine's.
 *
 * @param peer the address of whoever connected to this server
 */
export function visitorOf(
  request: Request,
  peer: string | undefined,
  { proxies }: Partial<Pick<MailshotConfig, 'proxies'>> = {},
): Visitor {
  const agent = (request.headers.get('user-agent') ?? '').slice(0, 500)
  const address = proxies ? clientAddress({ proxies }, request, peer) : guess(request, peer)
  return { agent, address }
}

function guess({ headers }: Request, peer: string | undefined): string | undefined {
  const connected = peer === undefined ? undefined : plainAddress(peer)
  if (peer !== undefined && (!connected || !isWithin(near, connected))) return connected
  return plainAddress(headers.get('x-forwarded-for')?.split(',').at(-1) ?? '')
}

/** Why a request is known to be no person's: `prefetch: apple`, `scanner: …`; undefined where it may be a person's. */
export function machineBy({ headers }: Request, visitor: Visitor): string | undefined {
  const purpose = `${headers.get('sec-purpose') ?? ''} ${headers.get('purpose') ?? ''} ${headers.get('x-moz') ?? ''}`
  if (/prefetch|preview/i.test(purpose)) return named('prefetch', 'browser')
  if (visitor.agent.trim() === '') return named('program', 'nameless')
  return machineOf(visitor)
}

/** The same by name and network alone, which providers report too. */
export function machineOf({ agent, address }: Visitor): string | undefined {
  const byAgent = machineAgents.find((one) => one.agent.test(agent))
  if (byAgent) return named(byAgent.kind, byAgent.who)
  if (address === undefined) return undefined
  const byRange = blocks.find(({ list }) => isWithin(list, address))
  return byRange && named(byRange.kind, byRange.who)
}

function named(kind: MachineKind, who: string): string {
  return `${kind}: ${who}`
}

const blocks = machineRanges.map(({ ranges, ...rest }) => ({ ...rest, list: networksOf(ranges) }))
