import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Dns } from './dns.ts'
import { type Finding, unasked } from './finding.ts'
import { tagsOf } from './tags.ts'

/** A published key that must be there, and be ours where we sign. */
export interface DkimKey {
  domain: string
  selector: string
  /** The public half of the key that we sign with, PEM. */
  publicKey?: string | undefined
}

/** Checks the public key of a DKIM signature (RFC 6376 §3.6): that it is there, fit for mail, long enough, and the other half of ours. */
export async function checkDkim(dns: Dns, key: DkimKey): Promise<Finding> {
  const check = 'DKIM'
  const name = `${key.selector}._domainkey.${key.domain}`
  const answer = await dns.txt(name)
  if ('failed' in answer) return unasked(check, `${name}: ${answer.failed}`)
  const [state, words] = judge(answer.records.map(tagsOf).filter(isKeyRecord), key)
  return { check, state, detail: `${name}: ${words}` }
}

type Verdict = [state: Finding['state'], words: string]

/** What stands there by mistake is no key; without a version it is one (RFC 6376 §3.6.1). */
function isKeyRecord(tags: Map<string, string>): boolean {
  return tags.has('p') && (tags.get('v') ?? 'DKIM1') === 'DKIM1'
}

function judge(records: Map<string, string>[], { publicKey }: DkimKey): Verdict {
  const [tags] = records
  const ours = publicKey === undefined ? undefined : recordOf(publicKey)
  if (tags === undefined) {
    const wanted = ours === undefined ? ' that the provider gives you' : `: ${ours}`
    return ['problem', `no public key; publish the TXT record${wanted}`]
  }
  if (records.length > 1) {
    return [
      'problem',
      `${records.length} keys, of which receivers take any; keep the one that signs`,
    ]
  }
  const unfit = whyUnfit(tags)
  if (unfit !== undefined) return ['problem', unfit]
  const found = readKey(tags)
  if (!found) return ['problem', 'what stands there is no key; copy it again, in one piece']
  if (publicKey !== undefined && !found.equals(createPublicKey(publicKey))) {
    return ['problem', `the key there is not the one that signs here; publish: ${ours}`]
  }
  return judgeKey(found, { isTest: listOf(tags, 't').includes('y'), isOurs: ours !== undefined })
}

/** Why receivers pass a key over, whatever it is. */
function whyUnfit(tags: Map<string, string>): string | undefined {
  const kind = kindOf(tags)
  if (tags.get('p') === '') {
    return 'the key was revoked (p= is empty); publish the new one, or sign with another selector'
  }
  if (kind !== 'rsa' && kind !== 'ed25519') {
    return `k=${kind} is no kind of key that receivers know; write k=rsa, or publish it again`
  }
  // RFC 6376 §3.6.1; RFC 8301 §3.1.
  if (tags.has('h') && !listOf(tags, 'h').includes('sha256')) {
    return `h=${tags.get('h')} leaves out sha256, and receivers take nothing else; take h= out`
  }
  const services = listOf(tags, 's')
  if (tags.has('s') && !services.includes('*') && !services.includes('email')) {
    return `s=${tags.get('s')} says that the key is not for mail; take s= out`
  }
  return undefined
}

/** RFC 8301 §3.2. */
function judgeKey(
  key: KeyObject,
  { isTest, isOurs }: { isTest: boolean; isOurs: boolean },
): Verdict {
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits === undefined) {
    return ['warning', 'ed25519, which few receivers check; have an RSA key beside it']
  }
  if (bits < 1024) {
    return ['problem', `${bits} bits, which nobody accepts any more; make a key of 2048 bits`]
  }
  if (bits < 2048) return ['warning', `${bits} bits; receivers recommend 2048`]
  if (bits > 4096) {
    return ['warning', `${bits} bits; receivers need not take more than 4096, make one of 2048`]
  }
  if (isTest) return ['warning', 't=y says that it is a test, and some ignore it; take that out']
  return ['ok', `${bits} bits${isOurs ? ', the key that signs here' : ''}`]
}

function kindOf(tags: Map<string, string>): string {
  return (tags.get('k') ?? 'rsa').toLowerCase()
}

function listOf(tags: Map<string, string>, name: string): string[] {
  return (tags.get(name) ?? '').split(':').map((one) => one.trim().toLowerCase())
}

/** RFC 6376 §3.6.1 says PKCS #1, where nearly everybody publishes SPKI; RFC 8463 §4.2 the bare octets. */
function readKey(tags: Map<string, string>): KeyObject | undefined {
  const key = Buffer.from(tags.get('p') ?? '', 'base64')
  const forms =
    kindOf(tags) === 'ed25519'
      ? [
          {
            key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') },
            format: 'jwk',
          } as const,
        ]
      : (['spki', 'pkcs1'] as const).map((type) => ({ key, format: 'der', type }) as const)
  for (const form of forms) {
    try {
      const found = createPublicKey(form)
      if (found.asymmetricKeyType === kindOf(tags)) return found
    } catch {
      // The next form may fit.
    }
  }
  return undefined
}

function recordOf(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return `v=DKIM1; k=rsa; p=${der.toString('base64')}`
}
