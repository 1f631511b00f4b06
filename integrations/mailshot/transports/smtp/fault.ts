import type { SmtpFault } from './outcome.ts'
import type { Reply } from './reply.ts'

/** What an answer was to. `void` is the dot of a body without a recipient. */
export type Asked = 'RSET' | 'MAIL FROM' | 'RCPT TO' | 'DATA' | 'body' | 'void'

/** The server's refusal, in nodemailer's words for the step, which the rules for outcomes go by. */
export function refused(asked: Asked, { code, text }: Reply): SmtpFault {
  const isBody = asked === 'body'
  return {
    code: isBody ? 'EMESSAGE' : 'EENVELOPE',
    command: isBody || asked === 'void' ? 'DATA' : asked,
    responseCode: code,
    response: text,
    message: text,
    handedOver: isBody,
  }
}

/** A server that breaks the protocol: no answer of it can be told from another any more. */
export function breach(message: string): SmtpFault {
  return { code: 'EPROTOCOL', message, handedOver: false }
}

export function outOfOrder({ text }: Reply): SmtpFault {
  return breach(`an answer out of order: ${text}`)
}

/** The connection is gone, by the other side or by us, for this reason. */
export function lost(message = 'Connection closed unexpectedly'): SmtpFault {
  return { code: 'ECONNECTION', message, handedOver: false }
}

/** No answer came in time to what was asked. */
export function overdue(asked: Asked | undefined, ms: number): SmtpFault {
  const what = asked === 'body' || asked === 'void' || asked === undefined ? 'the message' : asked
  const message = `no answer to ${what} within ${ms / 1000} seconds`
  return { code: 'ETIMEDOUT', message, handedOver: false }
}

export function socketFault(error: Error): SmtpFault {
  const { code }: Partial<SmtpFault> = error
  return { code: 'ESOCKET', originalCode: code, message: error.message, handedOver: false }
}
