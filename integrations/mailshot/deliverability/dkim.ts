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

/** Checks the public key of a DKIM signature (RFC 6376 §3.6): that it is there, long enough, and the other half of ours. */
export async function checkDkim(dns: Dns, key: DkimKey): Promise<Finding> {
  const check = 'DKIM'
  const name = `${key.selector}._domainkey.${key.domain}`
  const answer = await dns.txt(name)
  if ('failed' in answer) return unasked(check, `${name}: ${answer.failed}`)
  const problem = (detail: string): Finding => ({
    check,
    state: 'problem',
    detail: `${name}: ${detail}`,
  })
  const [record] = answer.records.filter((text) => tagsOf(text).has('p'))
  if (record === undefined) {
    return problem(
      `no public key; publish the TXT record${key.publicKey ? `: ${recordOf(key.publicKey)}` : ' that the provider gives you'}`,
    )
  }
  const published = tagsOf(record).get('p')?.replace(/\s/g, '') ?? ''
  if (published === '')
    return problem(
      'the key was revoked (p= is empty); publish the new one, or sign with another selector',
    )
  const found = readKey(published, tagsOf(record).get('k') ?? 'rsa')
  if (!found) return problem('what stands there is no key; copy it again, in one piece')
  const bits = found.asymmetricKeyDetails?.modulusLength
  if (key.publicKey && !found.equals(createPublicKey(key.publicKey))) {
    return problem(
      `the key there is not the one that signs here; publish: ${recordOf(key.publicKey)}`,
    )
  }
  if (bits !== undefined && bits < 1024)
    return problem(`${bits} bits, which nobody accepts any more; make a key of 2048 bits`)
  if (bits !== undefined && bits < 2048) {
    return { check, state: 'warning', detail: `${name}: ${bits} bits; receivers recommend 2048` }
  }
  const test = tagsOf(record).get('t')?.split(':').includes('y')
  if (test)
    return {
      check,
      state: 'warning',
      detail: `${name}: t=y says that it is a test, and some ignore it; take that out`,
    }
  return {
    check,
    state: 'ok',
    detail: `${name}: ${bits === undefined ? 'ed25519' : `${bits} bits`}${key.publicKey ? ', the key that signs here' : ''}`,
  }
}

function readKey(published: string, type: string): KeyObject | undefined {
  try {
    if (type.toLowerCase() === 'ed25519') {
      const x = Buffer.from(published, 'base64').toString('base64url')
      return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    }
    return createPublicKey({ key: Buffer.from(published, 'base64'), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function recordOf(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return `v=DKIM1; k=rsa; p=${der.toString('base64')}`
}
