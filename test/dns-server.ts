import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** Records by kind and name: `{ 'TXT example.fr': ['v=spf1 -all'], 'MX example.fr': ['10 mail.example.fr'] }`. */
export type Zone = Record<string, string[]>

const types = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28 } as const
type Kind = keyof typeof types
const kinds = ['A', 'CNAME', 'PTR', 'MX', 'TXT', 'AAAA'] as const
const classIn = 1

/** A name server on loopback that knows these records and nothing else (RFC 1035). Answers its address, `127.0.0.1:<port>`. */
export async function startDnsServer(zone: Zone): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    socket.send(answerTo(query, zone), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}

function answerTo(query: Buffer, zone: Zone): Buffer {
  const { name, type, end } = questionOf(query)
  const kind = kinds.find((one) => types[one] === type) ?? 'TXT'
  const records = recordsOf(zone, kind, name)
  const isKnown = Object.keys(zone).some((key) => key.endsWith(` ${name}`))
  const header = Buffer.from(query.subarray(0, 12))
  // An answer, with recursion; "no such name" where there is nothing at all.
  header.writeUInt16BE(0x8180 | (isKnown ? 0 : 3), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  header.writeUInt32BE(0, 8)
  const answers = records.map((record) => {
    const data = dataOf(record.kind, record.text)
    const head = Buffer.alloc(10)
    head.writeUInt16BE(types[record.kind], 0)
    head.writeUInt16BE(classIn, 2)
    head.writeUInt16BE(data.length, 8)
    return Buffer.concat([nameOf(record.name), head, data])
  })
  return Buffer.concat([header, query.subarray(12, end), ...answers])
}

interface DnsRecord {
  name: string
  kind: Kind
  text: string
}

/** As a resolver that follows aliases answers: the alias itself, then what its target has. */
function recordsOf(zone: Zone, kind: Kind, name: string): DnsRecord[] {
  const [target] = zone[`CNAME ${name}`] ?? []
  if (target !== undefined) {
    return [{ name, kind: 'CNAME', text: target }, ...recordsOf(zone, kind, target)]
  }
  return (zone[`${kind} ${name}`] ?? []).map((text) => ({ name, kind, text }))
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function dataOf(kind: Kind, record: string): Buffer {
  if (kind === 'A') return Buffer.from(record.split('.').map(Number))
  if (kind === 'AAAA') return Buffer.from(groupsOf(record).join(''), 'hex')
  if (kind === 'PTR' || kind === 'CNAME') return nameOf(record)
  if (kind === 'MX') {
    const [priority = '', host = ''] = record.split(' ')
    return Buffer.concat([Buffer.from([0, Number(priority)]), nameOf(host)])
  }
  const parts = record.match(/.{1,255}/gs) ?? ['']
  return Buffer.concat(parts.flatMap((part) => [Buffer.from([part.length]), Buffer.from(part)]))
}

/** What names an address, and the address that the name leads back to. */
export function reverseZone(addresses: readonly string[], name: string): Zone {
  const zone: Zone = {}
  for (const address of addresses) {
    const isSix = address.includes(':')
    const labels = isSix ? groupsOf(address).join('').split('') : address.split('.')
    const suffix = isSix ? 'ip6.arpa' : 'in-addr.arpa'
    zone[`PTR ${labels.toReversed().join('.')}.${suffix}`] = [name]
    const forward = `${isSix ? 'AAAA' : 'A'} ${name}`
    zone[forward] = [...(zone[forward] ?? []), address]
  }
  return zone
}

/** The eight groups of an IPv6 address, four digits each. */
function groupsOf(address: string): string[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean))
  const missing = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  const groups = [...head, ...missing, ...tail]
  return groups.map((group) => group.padStart(4, '0'))
}

function nameOf(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  return Buffer.concat([...parts, Buffer.from([0])])
}
