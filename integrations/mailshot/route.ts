import { didYouMean } from './closest.ts'
import type { MailshotConfig } from './config.ts'
import { domainOf } from './email-address.ts'
import { MailshotError } from './error.ts'
import { listOf } from './list/former.ts'
import type { Fallback, NamedTransport, WayOptions } from './route/options.ts'
import type { Mailbox, Transport } from './transport.ts'

/** One transport of the settings, with the limits that hold for it. */
export interface Way {
  name: string
  /** The settings as this transport sees them: `transport`, `pace`, `ramp` and `hours` are its own. */
  config: MailshotConfig
  fallback: Fallback | undefined
}

/** The transports that campaigns go by, the default one first. Its settings are the site's own. */
export function waysOf(config: MailshotConfig): readonly Way[] {
  const { transports } = config
  if (!transports) return [{ name: config.transport.name, config, fallback: undefined }]
  const known = ways.get(config)
  if (known) return known
  const made = Object.entries(transports).map(([name, { fallback, ...own }], place) => ({
    name,
    config: place === 0 ? config : { ...config, ...own },
    fallback,
  }))
  // One that is found by its own settings has the same fallbacks.
  for (const way of [{ config }, ...made]) ways.set(way.config, made)
  return made
}

/** The same objects for the same settings, since some things are kept by them. */
const ways = new WeakMap<MailshotConfig, Way[]>()

/** Whether there is a choice. */
export function hasRoutes({ transports }: Pick<MailshotConfig, 'transports'>): boolean {
  return transports !== undefined && Object.keys(transports).length > 1
}

/** All transports, the site's own mailer for letters with them. */
export function transportsOf({
  transport,
  transports,
  mailer,
}: Pick<MailshotConfig, 'transport' | 'mailer'> & Partial<MailshotConfig>): Transport[] {
  const all = transports ? Object.values(transports).map((one) => one.transport) : [transport]
  return [...new Set([...all, ...(mailer ? [mailer] : [])])]
}

/** What decides about a recipient's transport. */
export interface Routed {
  /** What the campaign says. */
  transport?: string | null | undefined
  from: Mailbox | null
}

/** By the campaign, else by the list that brings the mail, else by the sender, else the default one. Unknown names count as none. */
export function routeOf(config: MailshotConfig, campaign: Routed, list: string): string {
  const [first = ''] = transportNames(config)
  const ofList = listOf(config, list)
  const { address } = campaign.from ?? ofList?.from ?? config.from
  const named = [
    campaign.transport,
    ofList?.transport,
    config.senders[address.toLowerCase()],
    config.senders[domainOf(address)],
  ]
  return named.find((name) => name != null && transportNames(config).includes(name)) ?? first
}

/** The transport of a route that was chosen at some time: the default one where that is not in the settings any more. */
export function wayOf(config: MailshotConfig, route: string | null): Way {
  const all = waysOf(config)
  const [first] = all
  const way = all.find(({ name }) => name === route) ?? first
  if (!way) throw new Error('the settings name no transport')
  return way
}

/** The transports that take over for one, in their order. */
export function fallbacksOf(config: MailshotConfig, way: Way): Way[] {
  const seen = [way]
  for (let next = way.fallback; next; next = seen.at(-1)?.fallback) {
    const found = wayOf(config, next.to)
    if (seen.includes(found)) break
    seen.push(found)
  }
  return seen.slice(1)
}

/** The transports that letters may go by: the default one, then those that take over for it; none where they have a mailer of their own. */
export function letterWays(config: MailshotConfig): Way[] {
  const [first] = waysOf(config)
  return first && !config.mailer ? [first, ...fallbacksOf(config, first)] : []
}

/** The names of the transports, the default one first. */
export function transportNames(config: Pick<MailshotConfig, 'transport' | 'transports'>): string[] {
  return config.transports ? Object.keys(config.transports) : [config.transport.name]
}

/** @throws MailshotError when a campaign asks for a transport that is not there */
export function requireTransport(
  config: MailshotConfig,
  { slug, transport }: { slug: string; transport?: string | undefined },
): void {
  const known = transportNames(config)
  if (transport === undefined || known.includes(transport)) return
  throw new MailshotError(`campaign ${slug}: transport ${unknownTransport(transport, known)}`, {
    code: 'unknown-transport',
  })
}

/** What the settings make of their transports: each by its own name, with the site's limits where it names none. */
export function resolveTransports(
  given: Record<string, WayOptions>,
  site: Pick<NamedTransport, 'pace' | 'ramp' | 'hours'>,
): Record<string, NamedTransport> {
  const resolved = Object.entries(given).map(([name, options]) => {
    const { use, pace = site.pace, ramp = site.ramp, hours = site.hours } = options
    const { fallback, fallbackAfterMinutes = 10 } = options
    const named: NamedTransport = {
      transport: renamed(use, name),
      pace,
      ramp: ramp || undefined,
      hours: hours || undefined,
      fallback:
        fallback === undefined
          ? undefined
          : { to: fallback, afterMs: fallbackAfterMinutes * 60_000 },
    }
    return [name, named] as const
  })
  return Object.fromEntries(resolved)
}

interface Naming {
  transport?: Transport | undefined
  transports?: Record<string, WayOptions> | undefined
  lists: Record<string, { transport?: string | undefined }>
  senders: Record<string, string>
}

/** Every place of the settings that names a transport which is not there, or says too much or too little about them. */
export function transportMistakes(given: Naming): { path: string[]; message: string }[] {
  const { transport, transports, lists, senders } = given
  if (!transport && !transports) {
    return [
      {
        path: ['transport'],
        message: 'needs a transport, for example: smtp({ host: "smtp.example.org" })',
      },
    ]
  }
  if (transport && transports) {
    return [{ path: ['transport'], message: 'says the same as transports; keep one of the two' }]
  }
  const known = transports ? Object.keys(transports) : [transport?.name ?? '']
  const named: [string[], string | undefined][] = [
    ...Object.entries(lists).map(
      ([id, list]) =>
        [['lists', id, 'transport'], list.transport] as [string[], string | undefined],
    ),
    ...Object.entries(senders).map(
      ([sender, name]) => [['senders', sender], name] as [string[], string],
    ),
    ...Object.entries(transports ?? {}).map(
      ([name, { fallback }]) =>
        [['transports', name, 'fallback'], fallback] as [string[], string | undefined],
    ),
  ]
  return [
    ...named.flatMap(([path, name]) =>
      name === undefined || known.includes(name)
        ? []
        : [{ path, message: unknownTransport(name, known) }],
    ),
    ...Object.entries(transports ?? {}).flatMap(([name, { fallback }]) =>
      fallback === name
        ? [
            {
              path: ['transports', name, 'fallback'],
              message: 'is the transport itself; name another',
            },
          ]
        : [],
    ),
  ]
}

/** `"blk" is no transport of the settings; did you mean "bulk"? (known: main, bulk)` */
function unknownTransport(name: string, known: readonly string[]): string {
  const guess = didYouMean(name, known)
  const hint = guess.startsWith('known') ? guess : `${guess} (known: ${known.join(', ')})`
  return `"${name}" is no transport of the settings; ${hint}`
}

/**
 * The same transport under the name that the settings give it: its pace, its webhooks and its events go by that. Its functions are
 * still called on itself, which a class with private fields needs.
 */
function renamed(transport: Transport, name: string): Transport {
  const get = (_: Transport, key: string | symbol): unknown => {
    if (key === 'name') return name
    const value: unknown = Reflect.get(transport, key)
    return typeof value === 'function' ? value.bind(transport) : value
  }
  return new Proxy<Transport>(Object.create(transport), { get })
}
