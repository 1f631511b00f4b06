import { MailshotError } from '../../error.ts'
import type { CheckedSmtpOptions } from './options.ts'
import type { SmtpFault } from './outcome.ts'
import { wordsRedactor } from './redact.ts'

interface Explanation {
  code: RegExp
  /** Of Node's code below it, and of the message. */
  detail?: RegExp
  what: (options: CheckedSmtpOptions) => string
  cure: (options: CheckedSmtpOptions) => string
}

/** Why the relay could not be used, as an error with cause and cure. The server's own words come along. */
export function explainVerifyFault(options: CheckedSmtpOptions, fault: SmtpFault): MailshotError {
  const detail = `${fault.originalCode ?? ''} ${fault.command ?? ''} ${fault.message}`
  const found = explanations.find(
    (one) => one.code.test(fault.code ?? '') && (one.detail?.test(detail) ?? true),
  )
  const { what, cure } = found ?? unexplained
  const words = wordsRedactor(options)(fault.message.replace(/\s+/g, ' '))
  return new MailshotError(
    `smtp ${options.host}:${options.port}: ${what(options)} (${words}); ${cure(options)}`,
  )
}

const otherModes = ({ tls }: CheckedSmtpOptions) =>
  tls === 'implicit' ? `tls: 'starttls' with port 587` : `tls: 'implicit' with port 465`

const unexplained: Pick<Explanation, 'what' | 'cure'> = {
  what: () => 'the connection failed',
  cure: () => 'check host, port and tls, and ask the relay’s operator',
}

const noStartTls: Pick<Explanation, 'what' | 'cure'> = {
  what: () => 'the server does not offer STARTTLS on this port',
  cure: (options) => `try ${otherModes(options)}`,
}

const explanations: Explanation[] = [
  {
    code: /^EDNS$/,
    what: () => 'the name is not known',
    cure: () => 'check host for a typing mistake',
  },
  {
    code: /./,
    detail: /^ECONNREFUSED/,
    what: () => 'nothing listens on that port',
    cure: (options) => `check host and port, or try ${otherModes(options)}`,
  },
  {
    code: /./,
    detail: /^ERR_TLS_CERT_ALTNAME/,
    what: () => 'the certificate is for another name',
    cure: () => 'set host to the name in the certificate',
  },
  {
    code: /./,
    detail: /^CERT_HAS_EXPIRED/,
    what: () => 'the certificate has expired',
    cure: () => 'tell the relay’s operator',
  },
  {
    code: /./,
    detail: /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/,
    what: () => 'no public authority has signed the certificate',
    cure: () => 'give the authority’s certificate as PEM text in the option ca',
  },
  {
    code: /./,
    detail: /wrong version number|packet length too long|ERR_SSL/i,
    what: () => 'the port does not speak TLS from the first byte',
    cure: (options) => `try ${otherModes(options)}`,
  },
  {
    code: /^ETIMEDOUT$/,
    detail: /greeting/i,
    what: () => 'it took the connection and said nothing',
    cure: (options) => `the port may want TLS from the first byte: try ${otherModes(options)}`,
  },
  {
    code: /./,
    detail: /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)|Connection timeout/,
    what: () => 'the server cannot be reached',
    cure: () =>
      'the port may be blocked by the hosting provider or a firewall: ask there, or try port 587 or 2525',
  },
  {
    code: /^ETIMEDOUT$/,
    what: () => 'the server stopped answering',
    cure: () => 'try again, and ask the relay’s operator',
  },
  { code: /./, detail: /EHLO failed but HELO does not support required STARTTLS/, ...noStartTls },
  { code: /^ETLS$/, detail: /STARTTLS/, ...noStartTls },
  {
    code: /^ETLS$/,
    what: () => 'the TLS handshake failed',
    cure: (options) => `try ${otherModes(options)}`,
  },
  {
    code: /^EAUTH$/,
    detail: /: 50[0-4]/,
    what: () => 'the server offers no login here',
    cure: () => 'leave out user and password, or use the port for submission (587 or 465)',
  },
  {
    code: /^EAUTH$/,
    detail: /: 4\d\d/,
    what: () => 'the login cannot be checked just now',
    cure: () => 'try again in some minutes',
  },
  {
    code: /^EAUTH$/,
    what: () => 'the login was refused',
    cure: () => 'check user and password; some providers want an app password or an API key',
  },
]
