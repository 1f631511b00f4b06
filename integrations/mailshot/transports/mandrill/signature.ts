import { createHmac, timingSafeEqual } from 'node:crypto'

/** What Mandrill signs the trial of a new address with, before there is a key. */
const trialKey = 'test-webhook'

/**
 * Whether Mandrill signed a form: over the address as it was registered, then each field's name and value, sorted by name. Without a
 * key that is ours, only an empty list of events is believed, by the key of the trial.
 *
 * @see https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests
 */
export function isSigned(
  form: URLSearchParams,
  { url, signature, keys }: { url: string; signature: string; keys: string[] },
): boolean {
  const fields = [...form].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
  const text = url + fields.map(([name, value]) => name + value).join('')
  const isTrial = fields.length === 1 && /^\s*\[\s*\]\s*$/.test(form.get('mandrill_events') ?? '')
  const shown = Buffer.from(signature)
  // All keys are tried, whichever fits.
  return (isTrial ? [...keys, trialKey] : keys)
    .map((key) => isSame(shown, createHmac('sha1', key).update(text).digest('base64')))
    .includes(true)
}

function isSame(shown: Buffer, expected: string): boolean {
  const right = Buffer.from(expected)
  return shown.length === right.length && timingSafeEqual(shown, right)
}
