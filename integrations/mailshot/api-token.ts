import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm/sql'
import { auditStatement } from './audit.ts'
import { didYouMean } from './closest.ts'
import { MailshotError } from './error.ts'
import type { Mailshot } from './mailshot.ts'

/**
 * What a token may do: look, start and steer sends, read and change people, ask for a subscription that its reader confirms, or take
 * everything away as an export.
 */
export const tokenScopes = ['read', 'send', 'people', 'subscribe', 'export'] as const
export type TokenScope = (typeof tokenScopes)[number]

export interface ApiToken {
  id: string
  name: string
  scopes: string[]
  createdAt: number
  revokedAt: number | null
}

/**
 * Makes a token for the HTTP API. Only its hash is kept: the text returned here is never to be seen again.
 *
 * @throws MailshotError when a token that is still valid has that name
 */
export async function createApiToken(
  mailshot: Mailshot,
  request: { name: string; scopes: TokenScope[]; actor: string },
): Promise<ApiToken & { token: string }> {
  const tokens = await listApiTokens(mailshot)
  const same = tokens.find(({ name, revokedAt }) => revokedAt === null && name === request.name)
  if (same) {
    throw new MailshotError(
      `token "${same.name}": there is a valid one of that name; revoke it first, or choose another name`,
    )
  }
  const token = `mailshot_${randomBytes(32).toString('base64url')}`
  const made: ApiToken = {
    id: randomBytes(4).toString('hex'),
    name: request.name,
    scopes: [...new Set(request.scopes)],
    createdAt: mailshot.now(),
    revokedAt: null,
  }
  await mailshot.db.write(
    sql`INSERT INTO tokens (id, name, hash, scopes, created_at)
        VALUES (${made.id}, ${made.name}, ${hashOf(token)}, ${JSON.stringify(made.scopes)}, ${made.createdAt})`,
    auditStatement(mailshot, {
      actor: request.actor,
      action: 'token.create',
      subject: `token:${made.id}`,
      detail: { name: made.name, scopes: made.scopes },
    }),
  )
  return { ...made, token }
}

/** All tokens, the revoked ones included, newest first. */
export async function listApiTokens(mailshot: Mailshot): Promise<ApiToken[]> {
  const rows = await mailshot.db.all<TokenRow>(
    sql`SELECT id, name, scopes, created_at AS createdAt, revoked_at AS revokedAt
        FROM tokens ORDER BY created_at DESC, id`,
  )
  return rows.map(asToken)
}

/**
 * Ends a valid token, by its id or its name. `undefined` when it was ended before.
 *
 * @throws MailshotError when there has never been one
 */
export async function revokeApiToken(
  mailshot: Mailshot,
  idOrName: string,
  actor: string,
): Promise<ApiToken | undefined> {
  const tokens = await listApiTokens(mailshot)
  const named = tokens.filter(({ id, name }) => id === idOrName || name === idOrName)
  if (named.length === 0) {
    const valid = tokens.filter(({ revokedAt }) => revokedAt === null).map(({ name }) => name)
    throw new MailshotError(`there is no token "${idOrName}"; ${didYouMean(idOrName, valid)}`)
  }
  const found = named.find(({ revokedAt }) => revokedAt === null)
  if (!found) return undefined
  const revokedAt = mailshot.now()
  await mailshot.db.write(
    sql`UPDATE tokens SET revoked_at = ${revokedAt} WHERE id = ${found.id} AND revoked_at IS NULL`,
    auditStatement(mailshot, {
      actor,
      action: 'token.revoke',
      subject: `token:${found.id}`,
      detail: { name: found.name },
    }),
  )
  return { ...found, revokedAt }
}

/** The valid token that a request brought; `undefined` for any other text. */
export async function findApiToken(
  mailshot: Mailshot,
  token: string,
): Promise<ApiToken | undefined> {
  const row = await mailshot.db.get<TokenRow>(
    sql`SELECT id, name, scopes, created_at AS createdAt, revoked_at AS revokedAt
        FROM tokens WHERE hash = ${hashOf(token)} AND revoked_at IS NULL`,
  )
  return row && asToken(row)
}

// Random and long, so that a plain hash is enough: there is nothing to guess (unlike a password).
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

type TokenRow = Omit<ApiToken, 'scopes'> & { scopes: string }

function asToken(row: TokenRow): ApiToken {
  return { ...row, scopes: JSON.parse(row.scopes) }
}
