/** An address with the name shown beside it. Both are decoded text; encoding is the transport's work. */
export interface Mailbox {
  name: string
  address: string
}

/**
 * What a transport is given for one recipient. Its parts serve HTTP APIs, `mime()` serves SMTP; both come from the
 * same composition.
 */
export interface Message {
  /** Ours, the same on every try: `<send>.<recipient>` for a campaign, `letter.<id>` for a letter. */
  readonly id: string
  /** RFC 5321 envelope: where bounces return to, and the one address it goes to. */
  readonly envelope: { readonly from: string; readonly to: string }
  readonly from: Mailbox
  readonly to: Mailbox
  readonly replyTo: Mailbox | undefined
  readonly subject: string
  readonly html: string
  readonly text: string
  /** With its angle brackets; the same on every try, so that a receiver can drop a double. */
  readonly messageId: string
  /** All further headers (List-Unsubscribe, List-Id, Precedence, …), unfolded and decoded. */
  readonly headers: Readonly<Record<string, string>>
  /** The slug, for providers that group by a tag. Absent for letters. */
  readonly campaign: string | undefined
  readonly track: { readonly opens: boolean; readonly clicks: boolean }
  /**
   * The whole message (RFC 5322) as a binary string: one character is one octet, so write it as `latin1`. ASCII, but for
   * SMTPUTF8 addresses. Every line ends with CRLF, has at most 998 octets and does not begin with a dot: there is
   * nothing to stuff. The same string on every call.
   */
  mime(): string
  /** The pieces that `mime()` joins, for who writes them one by one: joined, the whole mail would be copied twice more. */
  pieces?(): readonly string[]
}

/** What a transport answered at hand-over, one for each message. A reason never holds a credential. */
export type Outcome =
  | { status: 'accepted'; providerId: string; answer?: string }
  | {
      status: 'deferred'
      /** Whose fault it is: only `recipient` and `domain` cost the recipient one of its tries. */
      scope: 'recipient' | 'domain' | 'relay'
      reason: string
      /** Seconds that the other side asked to wait. */
      retryAfter?: number
    }
  | { status: 'rejected'; class: 'hard' | 'soft'; enhanced?: string; reason: string }
  /** Credentials, sender or account refused: the send pauses. */
  | { status: 'blocked'; reason: string }
  /** The link broke after hand-over: never retried unasked. */
  | { status: 'uncertain'; reason: string }

/** The way out. A factory (`smtp({…})`) returns one; it opens no connection before the first call. */
export interface Transport {
  readonly name: string
  /** Most messages in one call: SMTP 1, Mailjet 50. */
  readonly batch: number
  /** Calls at once. */
  readonly parallel: number
  /**
   * Hands the messages over and answers one outcome a message, by position. It does not throw for anything that the
   * other side or the network does. When `signal` aborts, messages not yet handed over come back as `deferred` with
   * scope `relay`; those in flight are finished first.
   */
  send(messages: readonly Message[], signal: AbortSignal): Promise<Outcome[]>
  /** Asks the provider what became of messages whose answer was lost. */
  lookUp?(messages: readonly Message[]): Promise<Outcome[]>
  /** Checks credentials and sender, for `mailshot doctor`. Throws a `MailshotError` with cause and cure. */
  verify?(): Promise<void>
  /**
   * Ends at once; a later call opens anew. What is on its way comes back `deferred` with scope `relay` where nothing of the
   * body has left, else `uncertain`: waiting for it is the caller's decision.
   */
  close?(): Promise<void>
}
