import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { AstroError } from 'astro/errors'

/** Native and large packages, which a build leaves where the package manager put them. */
export const externalPackages = [
  '@libsql/client',
  'imapflow',
  'libsql',
  'mailparser',
  'mjml',
  'satteri',
  'sharp',
]

/**
 * A build looks for its packages from the site's own folder; a package manager that keeps those of a dependency apart
 * (pnpm, a linked package) hides them there.
 *
 * @throws AstroError that names them, at the build rather than at the start of the server
 */
export function requirePackages(root: URL): void {
  const { resolve } = createRequire(fileURLToPath(new URL('package.json', root)))
  const missing = externalPackages.filter((name) => !isFound(() => resolve(name)))
  if (missing.length === 0) return
  throw new AstroError(
    `astro-mailshot: the built site would not find ${missing.join(', ')}.`,
    `Make them packages of the site: npm install ${missing.join(' ')}`,
  )
}

function isFound(resolve: () => string): boolean {
  try {
    resolve()
    return true
  } catch (error) {
    // A package that has no entry for `require` is there all the same.
    return error instanceof Error && 'code' in error && error.code !== 'MODULE_NOT_FOUND'
  }
}
