import { isIPv6 } from 'node:net'
import { groupsOf } from '../abuse/network.ts'
import { clientAddress } from '../client-address.ts'
import type { MailshotConfig } from '../config.ts'
import type { PrivacyOptions } from './options.ts'

/** From where a form was posted, as far as the settings keep it. */
export interface Client {
  ip?: string
  userAgent?: string
}

/** What a consent keeps of where it came from: no address but one that is known for sure, as `clientAddress` says. */
export function clientOf(
  config: Pick<MailshotConfig, 'privacy' | 'proxies'>,
  request: Request,
): Client {
  const address = clientAddress(config, request)
  const ip = address === undefined ? undefined : cutAddress(address, config.privacy.ip)
  const userAgent = request.headers.get('user-agent')?.slice(0, 300)
  return { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) }
}

/** A network address as it is kept: whole, its network with zeros behind it (/24 of IPv4, /48 of IPv6), or not at all. */
export function cutAddress(address: string, how: PrivacyOptions['ip']): string | undefined {
  if (how === 'none') return undefined
  if (how === 'full') return address
  return isIPv6(address)
    ? `${groupsOf(address).slice(0, 3).join(':')}::`
    : address.replace(/\d+$/, '0')
}
