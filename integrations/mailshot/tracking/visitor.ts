import { BlockList, isIP } from 'node:net'
import { type MachineKind, machineAgents, machineRanges } from './machines.ts'

/** What a request says of who made it. None of it is ever written down. */
export interface Visitor {
  agent: string
  /** Undefined where it is not known: it came through a proxy that does not say for whom. */
  address: string | undefined
}

/**
 * Who made a request. Behind a proxy on the same machine or network, what that appended to X-Forwarded-For last; a forged line
 * could at most have an open counted as a machine's.
 *
 * @param peer the address of whoever connected to this server
 */
export function visitorOf({ headers }: Request, peer: string | undefined): Visitor {
  const agent = (headers.get('user-agent') ?? '').slice(0, 500)
  const last = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim()
  const isNear = peer === undefined || near.check(plain(peer), family(plain(peer)))
  const address = isNear ? last : peer
  return { agent, address: address && isIP(plain(address)) > 0 ? plain(address) : undefined }
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
  const byRange = blocks.find(({ list }) => list.check(address, family(address)))
  return byRange && named(byRange.kind, byRange.who)
}

function named(kind: MachineKind, who: string): string {
  return `${kind}: ${who}`
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** An IPv4 address as a socket for both families writes it. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/')
    list.addSubnet(network, Number(bits), family(network))
  }
  return list
}

const near = blockList([
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
])
const blocks = machineRanges.map(({ ranges, ...rest }) => ({ ...rest, list: blockList(ranges) }))
