import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'

describe('with-dependencies', () => {
  test('runs the command at once when the packages are those of the lock file', async () => {
    const project = makeProject({ locked: '1.0.0', installed: '1.0.0' })

    const { code, out } = await project.run('node', '-e', 'console.log("ran"); process.exit(3)')

    expect(out).toBe('ran\n')
    expect(code).toBe(3)
  })

  test('installs first when nothing is installed, and says so', async () => {
    const project = makeProject({ locked: '1.0.0' })

    const { code, out, err } = await project.run('true')

    expect(err).toBe('No packages are installed yet: running npm ci (half a minute or so)\n')
    expect(out).toBe('npm ci\n')
    expect(code).toBe(0)
  })

  test('installs first when the lock file wants another version', async () => {
    const project = makeProject({ locked: '1.0.1', installed: '1.0.0' })

    const { out, err } = await project.run('true')

    expect(err).toContain('The lock file wants some-package 1.0.1')
    expect(out).toBe('npm ci\n')
  })

  test('does not install for a package of another platform', async () => {
    const project = makeProject({ locked: '1.0.0', installed: '1.0.0' })
    project.lock({ 'node_modules/for-windows': { version: '2.0.0', optional: true } })

    const { out } = await project.run('true')

    expect(out).toBe('')
  })

  test('ends with the code of a failed installation, and does not run the command', async () => {
    const project = makeProject({ locked: '1.0.0' }, 'process.exit(7)')

    const { code, out } = await project.run('node', '-e', 'console.log("ran")')

    expect(code).toBe(7)
    expect(out).toBe('')
  })

  test('passes a signal on to the command', async () => {
    const project = makeProject({ locked: '1.0.0', installed: '1.0.0' })
    const program =
      'process.on("SIGTERM", () => process.exit(5)); console.log("up"); setInterval(() => {}, 1000)'

    const child = project.start('node', '-e', program)
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')

    expect(code).toBe(5)
  })
})

interface Versions {
  locked: string
  installed?: string
}

/** A project with the real script, one dependency, and an npm that only says how it was called. */
function makeProject(versions: Versions, npm = 'console.log("npm", ...process.argv.slice(2))') {
  const root = mkdtempSync(join(tmpdir(), 'mailshot-project-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const lock = (more: object = {}) => {
    const packages = { '': {}, 'node_modules/some-package': { version: versions.locked }, ...more }
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }))
  }
  cpSync('test/with-dependencies.mjs', join(root, 'test/with-dependencies.mjs'))
  writeFileSync(join(root, 'npm.cjs'), npm)
  lock()
  if (versions.installed !== undefined) install(root, versions.installed)
  const start = (...command: string[]) =>
    spawn(process.execPath, [join(root, 'test/with-dependencies.mjs'), ...command], {
      env: {
        ...process.env,
        npm_execpath: join(root, 'npm.cjs'),
        npm_node_execpath: process.execPath,
      },
    })
  const run = async (...command: string[]) => {
    const child = start(...command)
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { code, out, err }
  }
  return { run, start, lock }
}

function install(root: string, version: string): void {
  const packages = { 'node_modules/some-package': { version } }
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'))
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
}
