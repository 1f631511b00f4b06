import { AsyncLocalStorage } from 'node:async_hooks'
import { BlockList, isIP } from 'node:net'
import { groupsOf } from './abuse/network.ts'
import type { MailshotConfig } from './config.ts'

/**
 * The address of whoever connected to this server, while one of its requests is answered. The platform's own word for it is the
 * first of X-Forwarded-For, which anybody may write, as soon as the site allows domains (`security.allowedDomains` of Astro).
 */
export const connectedPeer = new AsyncLocalStorage<string | undefined>()

/** The address of whoever connected to this server; undefined where nothing says it. */
export function peerOf(context: { readonly clientAddress: string }): string | undefined {
  const peer = connectedPeer.getStore()
  if (peer !== undefined) return peer
  try {
    return context.clientAddress
  } catch {
    // Astro throws where an adapter has none.
    return undefined
  }
}

const peers = new WeakMap<Request, string>()

/** Remembers, with a request, the address of whoever connected to this server, for as long as the request is there. */
export function notePeer(request: Request, peer: string | undefined): void {
  if (peer !== undefined) peers.set(request, peer)
}

/** The address that was remembered with a request. */
function notedPeer(request: Request): string | undefined {
  return peers.get(request)
}

/**
 * The address that a request came from, for limits and records: of whoever connected, or, where that is a proxy that the config
 * declares, the last of X-Forwarded-For that is none of them, since each appends whom it was asked by. Undefined where that is not
 * known for sure: no proxies are declared, a proxy that is not declared stands on the same machine or network, or one says nothing.
 *
 * @param peer by `peerOf`; by default what was remembered with the request, or whoever connected
 */
export function clientAddress(
  { proxies }: Pick<MailshotConfig, 'proxies'>,
  request: Request,
  // A route of the site's own has none noted.
  peer = notedPeer(request) ?? connectedPeer.getStore(),
): string | undefined {
  const connected = peer === undefined ? undefined : plainAddress(peer)
  if (proxies === undefined || connected === undefined) return undefined
  const forwarded = request.headers.get('x-forwarded-for')
  if (!isWithin(proxies, connected)) {
    return forwarded !== null && isWithin(near, connected) ? undefined : connected
  }
  for (const hop of (forwarded ?? '').split(',').toReversed()) {
    const address = plainAddress(hop)
    if (address === undefined) return undefined
    if (!isWithin(proxies, address)) return address
  }
  return undefined
}

/** An address as it is written plainly, without port, zone or the prefix of a socket for both families; undefined if it is none. */
export function plainAddress(text: string): string | undefined {
  const [, bracketed, ported] = /^\[(.+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text.trim()) ?? []
  const plain = (bracketed ?? ported ?? text.trim()).replace(/%.*$/, '')
  if (isIP(plain) === 0) return undefined
  return isIP(plain) === 6 ? withoutPrefix(plain) : plain
}

/** `::ffff:cb00:7107` is 203.0.113.7, too. */
function withoutPrefix(address: string): string {
  const groups = groupsOf(address)
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
  return groups.slice(0, 6).join() === '0,0,0,0,0,ffff'
    ? [high >> 8, high & 255, low >> 8, low & 255].join('.')
    : address
}

/** Whether a plain address is in one of the networks. */
export function isWithin(networks: BlockList, address: string): boolean {
  return networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** A list of networks in CIDR notation. */
export function networksOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/')
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Of this machine, or of the network it stands in (RFC 1918, RFC 4193, link-local ones). */
export const near = networksOf([
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
])
