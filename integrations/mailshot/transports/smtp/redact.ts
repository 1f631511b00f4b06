import type { Outcome } from '../../transport.ts'

const longest = 500
// A shorter one would blot out ordinary words, and protects nothing.
const shortestSecret = 6

/** Cuts what a server said to a length that can be stored, and takes out a password that it repeats. */
export function redactor(options: {
  user?: string | undefined
  password?: string | undefined
}): (outcome: Outcome) => Outcome {
  const { user, password } = options
  const secrets =
    password && password.length >= shortestSecret
      ? [password, base64(password), base64(`\0${user ?? ''}\0${password}`)]
      : []
  const clean = (text: string) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text).slice(0, longest)

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
