import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import {
  createApiToken,
  findApiToken,
  listApiTokens,
  revokeApiToken,
} from '../integrations/mailshot/api-token.ts'
import { findAudit } from '../integrations/mailshot/audit.ts'
import { openTestMailshot } from './open-test-mailshot.ts'

const request = { name: 'github', scopes: ['send' as const], actor: 'cli:ana' }

describe('createApiToken', () => {
  test('makes a token that is found again with its scopes', async () => {
    const mailshot = await openTestMailshot()

    const { token, ...made } = await createApiToken(mailshot, request)

    expect(token).toMatch(/^mailshot_[\w-]{43}$/)
    expect(await findApiToken(mailshot, token)).toEqual(made)
    expect(made).toMatchObject({ name: 'github', scopes: ['send'], revokedAt: null })
  })

  test('keeps nothing that the token could be read from', async () => {
    const mailshot = await openTestMailshot()

    const { token } = await createApiToken(mailshot, request)

    const stored = await mailshot.db.all(sql`SELECT * FROM tokens`)
    expect(JSON.stringify(stored)).not.toContain(token.slice('mailshot_'.length))
  })

  test('refuses a second token of the same name', async () => {
    const mailshot = await openTestMailshot()
    await createApiToken(mailshot, request)

    await expect(createApiToken(mailshot, request)).rejects.toThrow(
      'token "github": there is a valid one of that name; revoke it first, or choose another name',
    )
  })

  test('notes who made it', async () => {
    const mailshot = await openTestMailshot()

    const { id } = await createApiToken(mailshot, request)

    expect(await findAudit(mailshot, `token:${id}`)).toMatchObject([
      { actor: 'cli:ana', action: 'token.create', detail: { name: 'github', scopes: ['send'] } },
    ])
  })
})

describe('findApiToken', () => {
  test('does not know a token that was never made', async () => {
    const mailshot = await openTestMailshot()
    await createApiToken(mailshot, request)

    expect(await findApiToken(mailshot, 'mailshot_guess')).toBeUndefined()
  })
})

describe('revokeApiToken', () => {
  test('ends a token by its name, and leaves it in the list', async () => {
    const mailshot = await openTestMailshot()
    const { token, id } = await createApiToken(mailshot, request)

    await revokeApiToken(mailshot, 'github', 'cli:ana')

    expect(await findApiToken(mailshot, token)).toBeUndefined()
    expect(await listApiTokens(mailshot)).toMatchObject([{ id, revokedAt: mailshot.now() }])
  })

  test('frees the name', async () => {
    const mailshot = await openTestMailshot()
    const first = await createApiToken(mailshot, request)
    await revokeApiToken(mailshot, first.id, 'cli:ana')

    const second = await createApiToken(mailshot, request)

    expect(second.id).not.toBe(first.id)
  })

  test('refuses a name that no token has ever had', async () => {
    const mailshot = await openTestMailshot()
    await createApiToken(mailshot, request)

    await expect(revokeApiToken(mailshot, 'gihtub', 'cli:ana')).rejects.toThrow(
      'there is no token "gihtub"; did you mean "github"?',
    )
  })

  test('answers nothing when the token has ended already', async () => {
    const mailshot = await openTestMailshot()
    await createApiToken(mailshot, request)
    await revokeApiToken(mailshot, 'github', 'cli:ana')

    expect(await revokeApiToken(mailshot, 'github', 'cli:ana')).toBeUndefined()
  })
})
