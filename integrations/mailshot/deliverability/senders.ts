import type { MailshotConfig } from '../config.ts'
import { domainOf } from '../email-address.ts'
import { fallbacksOf, routeOf, type Way, wayOf, waysOf } from '../route.ts'
import type { Transport } from '../transport.ts'

/** A sender, and a transport that its mails may go by. */
export interface Sender {
  /** Undefined where the settings name all of a domain. */
  address: string | undefined
  domain: string
  transport: Transport
}

/**
 * The senders of the settings with each transport that their mails may go by: the one that is chosen for them, its fallbacks, and the
 * way of letters. One that the settings choose for nobody is chosen by campaigns, for the site's sender.
 */
export function sendersOf(config: MailshotConfig): Sender[] {
  const found = new Map<string, Sender>()
  const add = (sender: string, transport: Transport) => {
    const domain = domainOf(sender)
    const address = sender.includes('@') ? sender : undefined
    found.set(`${transport.name} ${address ?? domain}`, { address, domain, transport })
  }
  const addWays = (sender: string, way: Way) => {
    for (const { config: own } of [way, ...fallbacksOf(config, way)]) add(sender, own.transport)
  }
  for (const [list, { from }] of Object.entries(config.lists)) {
    const route = routeOf(config, { from: null }, list)
    addWays((from ?? config.from).address, wayOf(config, route))
  }
  for (const [sender, name] of Object.entries(config.senders)) {
    addWays(sender, wayOf(config, name))
  }
  const { address } = config.from
  if (config.mailer) add(address, config.mailer)
  else addWays(address, wayOf(config, null))
  const used = new Set([...found.values()].map(({ transport }) => transport.name))
  for (const way of waysOf(config)) if (!used.has(way.name)) addWays(address, way)
  return [...found.values()]
}

/** The addresses that a transport mails from; a domain where the settings name all of it. */
export function sendersBy(config: MailshotConfig, { name }: Transport): string[] {
  const own = sendersOf(config).filter(({ transport }) => transport.name === name)
  return own.map(({ address, domain }) => address ?? domain)
}
