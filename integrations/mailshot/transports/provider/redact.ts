/** A name and password that a provider shows with its events. */
interface WebhookAuth {
  user: string
  password?: string | undefined
}

const longest = 500

/** The end of a webhook's address, also where that is written as a part of another one. */
const hookSecret = /(webhooks(?:\/|%2F)[\w-]+(?:\/|%2F))[\w-]{16,}/gi

/**
 * Takes secrets out of what a provider said, also as an address has them, and cuts it to a length that can be stored.
 *
 * @param secrets the longer before those that are part of them; none so short that it is a word
 */
export function openRedactor(
  secrets: readonly string[],
  auth?: WebhookAuth,
): (text: string) => string {
  const forms = [...secrets, ...formsOf(auth)].flatMap((one) => {
    const encoded = encodeURIComponent(one)
    return encoded === one ? [one] : [encodeURIComponent(encoded), encoded, one]
  })
  return (text) =>
    forms
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
      .replace(hookSecret, '$1***')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, longest)
}

/** The password alone, and as a header has it (RFC 7617). */
function formsOf(auth: WebhookAuth | undefined): string[] {
  const { user = '', password } = auth ?? {}
  if (!password) return []
  return [Buffer.from(`${user}:${password}`).toString('base64'), password]
}
