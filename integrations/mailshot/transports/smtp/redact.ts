import type { Outcome } from '../../transport.ts'

const longest = 500
// A shorter one would blot out ordinary words, and protects nothing.
const shortestSecret = 6

interface Login {
  user?: string | undefined
  password?: string | undefined
}

/** Cuts what a server said to a length that can be stored, and takes out a password that it repeats. */
export function wordsRedactor({ user, password }: Login): (text: string) => string {
  const secrets =
    password && password.length >= shortestSecret
      ? [password, base64(password), base64(`\0${user ?? ''}\0${password}`)]
      : []
  return (text) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text).slice(0, longest)
}

/** The same for all that an outcome says. */
export function redactor(login: Login): (outcome: Outcome) => Outcome {
  const clean = wordsRedactor(login)
  return (outcome) => {
    if (outcome.status !== 'accepted') return { ...outcome, reason: clean(outcome.reason) }
    return {
      ...outcome,
      providerId: clean(outcome.providerId),
      ...(outcome.answer !== undefined && { answer: clean(outcome.answer) }),
    }
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
