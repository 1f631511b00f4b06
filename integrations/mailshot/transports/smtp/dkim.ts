import { createPrivateKey, type KeyObject } from 'node:crypto'
import DKIM from 'nodemailer/lib/dkim'
import { MailshotError } from '../../error.ts'

export interface DkimOptions {
  domain: string
  selector: string
  privateKey: string
}

/** Adds a DKIM-Signature to a whole message, both binary strings. */
export type DkimSigner = (mime: string) => Promise<string>

// RFC 8058 §4 wants both unsubscribe headers signed, and nodemailer's own list leaves out the second.
const signedHeaders = [
  'From:Sender:Reply-To:Subject:Date:Message-ID:To:Cc:MIME-Version:Content-Type',
  'Content-Transfer-Encoding:Content-ID:Content-Description:In-Reply-To:References',
  'List-Id:List-Help:List-Unsubscribe:List-Unsubscribe-Post:List-Subscribe:List-Post:List-Owner',
  'List-Archive:Precedence:Auto-Submitted:Feedback-ID',
].join(':')

/**
 * Makes a signer, rsa-sha256 with relaxed canonicalisation.
 *
 * @throws MailshotError when the key is none that receivers accept: nodemailer would send unsigned without a word
 */
export function dkimSigner(options: DkimOptions): DkimSigner {
  const dkim = new DKIM({
    domainName: options.domain,
    keySelector: options.selector,
    privateKey: checkedKey(options.privateKey),
    headerFieldNames: signedHeaders,
  })
  return async (mime) => {
    const chunks: Buffer[] = []
    for await (const chunk of dkim.sign(Buffer.from(mime, 'latin1'))) chunks.push(chunk)
    if (chunks[0]?.toString('latin1', 0, 15) !== 'DKIM-Signature:') {
      throw new Error('nodemailer left the message unsigned')
    }
    return Buffer.concat(chunks).toString('latin1')
  }
}

function checkedKey(pem: string): KeyObject {
  const key = parsedKey(pem)
  if (key.asymmetricKeyType === 'ed25519') {
    throw refusal('is an Ed25519 key, which few receivers check')
  }
  if (key.asymmetricKeyType !== 'rsa') throw refusal(`is of type ${key.asymmetricKeyType}`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < 2048) throw refusal(`has ${bits} bits only, and receivers distrust it`)
  return key
}

function parsedKey(pem: string): KeyObject {
  try {
    // Environment files keep a PEM on one line, with \n written out.
    return createPrivateKey(pem.replaceAll(String.raw`\n`, '\n'))
  } catch (cause) {
    throw refusal('is no private key in PEM form', cause)
  }
}

function refusal(what: string, cause?: unknown): MailshotError {
  return new MailshotError(
    `smtp({ dkim: { privateKey } }): the key ${what}; make one with: openssl genrsa -out dkim.pem 2048`,
    { cause },
  )
}
