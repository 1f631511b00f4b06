import { createConnection, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Dns } from './dns.ts'
import { type Finding, unasked } from './finding.ts'

/** The ports that mail servers take mail at. Many hosts block the first for their customers, few the last. */
const mailPorts = [25, 465, 587, 2525]

/** What to try where a mail server cannot be reached: which of the usual ports answer from here. */
export async function adviseOnPorts(
  host: string,
  ports = mailPorts,
  patienceMs = 3000,
): Promise<string> {
  const open = await Promise.all(ports.map((port) => doesAnswer(host, port, patienceMs)))
  const names = ports.join(', ')
  const answering = ports.filter((_, place) => open[place])
  if (answering.length === 0) {
    return `none of the ports ${names} of ${host} answers from here: a firewall or your hosting provider blocks mail (ask there), or host is wrong; a provider with an API (mailjet, sparkpost, mandrill) needs no such port`
  }
  return `of the ports ${names} of ${host}, ${answering.join(' and ')} can be reached from here: ${adviceOf(answering)}`
}

/** What to set, of the ports that answer. */
export function adviceOf(answering: readonly number[]): string {
  const best = bestFirst.find((port) => answering.includes(port)) ?? answering[0]
  return `set port: ${best}${best === 465 ? `, and tls: 'implicit'` : ''}`
}

/** For submission (RFC 8314 §7.3), then what stands in for it, then what is for servers among themselves. */
const bestFirst = [587, 465, 2525, 25]

function doesAnswer(host: string, port: number, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.setTimeout(patienceMs, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** The addresses of this machine that the world can see. */
export function publicAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  return all
    .filter(({ internal, address }) => !internal && !isPrivate(address))
    .map(({ address }) => address)
}

/** RFC 1918, 6598, 3927, 4193, 4291. */
function isPrivate(address: string): boolean {
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\.|f[cd]|fe[89ab]|::1$)/i.test(
    address,
  )
}

/** What receivers see of where mail leaves from: the names of the addresses, and whether it comes by TLS. */
export async function* checkHost(
  dns: Dns,
  host: string,
  own: readonly string[],
): AsyncGenerator<Finding> {
  yield await checkReverse(dns, host, own)
  yield await checkTls(dns, host, own)
}

/** Whether the way on to receivers is encrypted is known to the mail server alone. */
async function checkTls(dns: Dns, host: string, own: readonly string[]): Promise<Finding> {
  const check = 'TLS'
  if ((await placeOf(dns, host, own)) === 'others') {
    return {
      check,
      state: 'ok',
      detail: `the operator of ${host} sees to it that mails leave by TLS`,
    }
  }
  const detail = `what ${host} does towards others cannot be seen from here; of Postfix: postconf smtp_tls_security_level says may, or more`
  return { check, state: 'unknown', detail }
}

/**
 * Checks the reverse DNS of the addresses that mail leaves from: each has a name, which leads back to it. Only of a mail server on this
 * machine: where else a relay sends from, only its operator knows.
 */
export async function checkReverse(
  dns: Dns,
  host: string,
  own: readonly string[],
): Promise<Finding> {
  const check = 'reverse DNS'
  const place = await placeOf(dns, host, own)
  if (place === 'others') {
    return {
      check,
      state: 'ok',
      detail: `the mails leave from the network of ${host}, whose operator sees to it`,
    }
  }
  if (place === 'near') {
    const detail = `${host} is in a network of yours; look up the address that it mails from with: dig -x <address>`
    return { check, state: 'unknown', detail }
  }
  if (own.length === 0) {
    return {
      check,
      state: 'unknown',
      detail: 'this machine does not know its public address; look with: dig -x <address>',
    }
  }
  for (const address of own) {
    const names = await dns.names(address)
    if ('failed' in names) return unasked(check, `${address}: ${names.failed}`)
    const [name] = names.records
    if (name === undefined) {
      return {
        check,
        state: 'problem',
        detail: `${address} has no name (PTR record); your hosting provider sets it`,
      }
    }
    const back = await Promise.all(names.records.map((one) => dns.addresses(one)))
    if (!back.some((one) => 'records' in one && one.records.includes(address))) {
      return {
        check,
        state: 'problem',
        detail: `${address} is called ${name}, which does not lead back to it; give ${name} that address`,
      }
    }
  }
  return { check, state: 'ok', detail: `${own.join(', ')}: named, and the names lead back` }
}

/** Whether a mail server is this machine, one in its own network, or in somebody else's as far as is known. */
async function placeOf(
  dns: Dns,
  host: string,
  own: readonly string[],
): Promise<'here' | 'near' | 'others'> {
  if (/^(?:localhost|127\.[\d.]+|::1|\[::1\])$/.test(host) || own.includes(host)) return 'here'
  const found = isIP(host) > 0 ? { records: [host] } : await dns.addresses(host)
  if (!('records' in found) || found.records.length === 0) return 'others'
  if (found.records.some((address) => own.includes(address))) return 'here'
  return found.records.every(isPrivate) ? 'near' : 'others'
}
