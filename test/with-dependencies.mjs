// Runs a command with the project's own Node and packages, after installing what is missing: this is what makes
// `npm test` and `npm run demo` work first thing after a clone. Plain JavaScript that any Node from 18 runs.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const bin = join(modules, '.bin')

const [command, ...args] = process.argv.slice(2)
if (command === undefined) {
  console.error('usage: node test/with-dependencies.mjs COMMAND [ARGUMENT…]')
  process.exit(1)
}
const missing = whatIsMissing()
if (missing) {
  console.error(`${missing}: running npm ci (half a minute or so)`)
  const code = await install()
  if (code !== 0) process.exit(code)
}
process.exit(await run(command, args, { ...process.env, PATH: pathWith(bin) }))

/** Why the packages must be installed, or nothing when they are what the lock file says. */
function whatIsMissing() {
  const installed = readPackages(join(modules, '.package-lock.json'))
  if (!installed) return 'No packages are installed yet'
  if (!existsSync(join(bin, process.platform === 'win32' ? 'node.cmd' : 'node'))) {
    return "The project's own Node is not installed"
  }
  for (const [path, wanted] of Object.entries(
    readPackages(join(root, 'package-lock.json')) ?? {},
  )) {
    // The binaries of other platforms are in the lock file, and rightly not installed.
    const isNeeded = path !== '' && !wanted.optional && !wanted.extraneous
    const differs = isNeeded && installed[path]?.version !== wanted.version
    if (differs)
      return `The lock file wants ${path.replace(/^node_modules\//, '')} ${wanted.version}`
  }
  return ''
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined
}

// By the Node that runs npm now, never by the one in node_modules: npm ci begins with removing that.
function install() {
  const { npm_execpath: npm, npm_node_execpath: node, ...env } = process.env
  const PATH = splitPath().filter((folder) => resolve(folder) !== bin)
  const options = { ...env, PATH: PATH.join(delimiter) }
  return npm && node && !node.startsWith(modules)
    ? run(node, [npm, 'ci'], options)
    : run('npm', ['ci'], options)
}

function run(program, programArgs, env) {
  const shell = process.platform === 'win32'
  const child = spawn(program, programArgs, { cwd: root, env, stdio: 'inherit', shell })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal reaches the child by itself; sent a second time, it would mean "at once".
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal))
  }
  return new Promise((done) => {
    child.on('error', (error) => {
      console.error(`${program} cannot be started: ${error.message}`)
      done(127)
    })
    child.on('exit', (code, signal) => done(code ?? 128 + constants.signals[signal]))
  })
}

function pathWith(folder) {
  return [folder, ...splitPath()].join(delimiter)
}

function splitPath() {
  return (process.env.PATH ?? '').split(delimiter)
}
