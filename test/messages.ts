import { encodeMime } from '../integrations/mailshot/message/mime.ts'
import type { Message } from '../integrations/mailshot/transport.ts'

let made = 0

/** A real message, as the transports get them; whatever is not given is invented, differently each time. */
export function testMessage(parts: Partial<Omit<Message, 'mime'>> = {}): Message {
  made += 1
  const message: Omit<Message, 'mime'> = {
    id: `7.${made}`,
    envelope: { from: 'bounces@example.org', to: `reader${made}@example.com` },
    from: { name: 'Rédaction', address: 'news@example.org' },
    to: { name: `Reader ${made}`, address: `reader${made}@example.com` },
    replyTo: undefined,
    subject: `Letter ${made}`,
    html: `<p>Dear reader ${made},</p>`,
    text: `Dear reader ${made},`,
    messageId: `<7.${made}@example.org>`,
    headers: {
      'List-Id': '<weekly.example.org>',
      'List-Unsubscribe': `<https://example.org/mailshot/unsubscribe/token${made}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      Precedence: 'bulk',
    },
    campaign: '2026-11-hello',
    track: { opens: false, clicks: false },
    ...parts,
  }
  return { ...message, mime: () => encodeMime(message, new Date(Date.UTC(2026, 10, 21))) }
}
