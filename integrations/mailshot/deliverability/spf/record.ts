import { isIPv4, isIPv6 } from 'node:net'

/** What may send, as one term of a record says it (RFC 7208 §5). */
export interface Mechanism {
  name: 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists'
  qualifier: '+' | '-' | '~' | '?'
  /** Without one, the record's own domain is meant. */
  domain: string | undefined
}

/** A record as receivers read it: `all` is the last mechanism, and `redirect` holds only without it (RFC 7208 §5.1, §6.1). */
export interface SpfRecord {
  mechanisms: Mechanism[]
  redirect: string | undefined
}

/** Whether a TXT record is one of SPF, whatever is wrong with it. */
export function isSpf(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text)
}

/** Reads a record; a single term that is wrong makes receivers reject the whole (RFC 7208 §4.6). */
export function parseSpf(text: string): SpfRecord | { mistake: string } {
  const mechanisms: Mechanism[] = []
  let redirect: string | undefined
  for (const term of text.trim().split(/ +/).slice(1)) {
    const [, name, value = ''] = /^([a-z][a-z0-9_.-]*)=(.*)$/i.exec(term) ?? []
    if (name === undefined) {
      const mechanism = parseMechanism(term)
      if (typeof mechanism === 'string') return { mistake: mechanism }
      mechanisms.push(mechanism)
    } else if (name.toLowerCase() === 'redirect') {
      if (redirect !== undefined) return { mistake: 'it has several redirect=' }
      if (!isDomain(value)) return { mistake: `"${term}" names no domain` }
      redirect = plain(value)
    }
  }
  const end = mechanisms.findIndex(({ name }) => name === 'all')
  if (end < 0) return { mechanisms, redirect }
  return { mechanisms: mechanisms.slice(0, end + 1), redirect: undefined }
}

/** Whether a name depends on the mail (RFC 7208 §7). */
export function hasMacro(domain: string): boolean {
  return domain.includes('%')
}

/** A mechanism, or what is wrong with it. */
function parseMechanism(term: string): Mechanism | string {
  const [, sign = '', word = '', value, bits = ''] =
    /^([+?~-]?)([a-z0-9]*)(?::(.*?))?((?:\/\d+)?(?:\/\/\d+)?)$/i.exec(term) ?? []
  const name = names.find((one) => one === word.toLowerCase())
  if (!name) return `"${term}" is nothing that SPF knows${cureOf(word)}`
  const qualifier = qualifiers.find((one) => one === sign) ?? '+'
  if (!isFit[name](value, bits)) return `"${term}" is not written as it must be`
  const isAddress = name === 'ip4' || name === 'ip6'
  return {
    name,
    qualifier,
    domain: value === undefined || isAddress ? undefined : plain(value),
  }
}

const names = ['all', 'include', 'a', 'mx', 'ptr', 'ip4', 'ip6', 'exists'] as const
const qualifiers = ['+', '-', '~', '?'] as const

/** What is often written instead. */
function cureOf(word: string): string {
  if (/^ipv?[46]?$/i.test(word)) return '; addresses are written ip4:… and ip6:…'
  return ''
}

/** Whether what stands behind the colon, and the length of a network, fit. */
const isFit: Record<Mechanism['name'], (value: string | undefined, bits: string) => boolean> = {
  all: (value, bits) => value === undefined && bits === '',
  include: (value, bits) => bits === '' && isDomain(value ?? ''),
  exists: (value, bits) => bits === '' && isDomain(value ?? ''),
  ptr: (value, bits) => bits === '' && (value === undefined || isDomain(value)),
  a: isHost,
  mx: isHost,
  ip4: (value, bits) => isIPv4(value ?? '') && isLength(bits, 32),
  ip6: (value, bits) => isIPv6(value ?? '') && isLength(bits, 128),
}

function isHost(value: string | undefined, bits: string): boolean {
  const [, four = '0', six = '0'] = /^(?:\/(\d+))?(?:\/\/(\d+))?$/.exec(bits) ?? []
  return (value === undefined || isDomain(value)) && Number(four) <= 32 && Number(six) <= 128
}

function isLength(bits: string, most: number): boolean {
  return bits === '' || (/^\/\d+$/.test(bits) && Number(bits.slice(1)) <= most)
}

/** RFC 7208 §7.1; what depends on the mail is believed. */
function isDomain(text: string): boolean {
  if (hasMacro(text))
    return /^(?:[\x21-\x24\x26-\x7e]|%[%_-]|%\{[a-z]\d*r?[-.+,/_=]*\})+$/i.test(text)
  return /^(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z0-9][a-z0-9-]*\.?$/i.test(text)
}

function plain(domain: string): string {
  return domain.toLowerCase().replace(/\.$/, '')
}
